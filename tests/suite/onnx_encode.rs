//! Encoding small ONNX files byte by byte, also such that no proper writer would make.
#![allow(dead_code)]

/// A protobuf field with a length.
pub fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![number << 3 | 2];
    let mut length = content.len();
    while length >= 128 {
        bytes.push((length & 127) as u8 | 128);
        length >>= 7;
    }
    bytes.push(length as u8);
    bytes.extend(content);
    bytes
}

/// A node of a graph.
pub fn node(operator: &str, inputs: &[&str], outputs: &[&str]) -> Vec<u8> {
    field(1, &content(operator, inputs, outputs))
}

/// A node without its place.
pub fn content(operator: &str, inputs: &[&str], outputs: &[&str]) -> Vec<u8> {
    let inputs = inputs.iter().flat_map(|name| field(1, name.as_bytes()));
    let outputs = outputs.iter().flat_map(|name| field(2, name.as_bytes()));
    [inputs.collect(), outputs.collect(), field(4, operator.as_bytes())].concat()
}

/// A model's function of the domain "local" with input a and output b, of these encoded fields.
pub fn function(name: &str, fields: &[u8]) -> Vec<u8> {
    let ends = [field(1, name.as_bytes()), field(4, b"a"), field(5, b"b")].concat();
    let function = field(0, &[&ends, fields, &field(9, &[16, 17]), &field(10, b"local")].concat());
    [&[0xca, 1], &function[1..]].concat() // field 25
}

/// A model with input x of 4 features and output y, of these encoded fields of its graph.
pub fn file(graph: &[u8]) -> Vec<u8> {
    let shape = field(2, &[field(1, &field(2, b"batch")), field(1, &[8, 4])].concat()); // [batch, 4]
    let float = field(2, &field(1, &[vec![8, 1], shape].concat()));
    let input = field(11, &[field(1, b"x"), float].concat());
    let graph = field(7, &[graph, &input, &field(12, &field(1, b"y"))].concat());
    [vec![8, 8], field(8, &[16, 17]), graph].concat()
}
