"""Files that are not models, models that contradict themselves, and models the engine cannot expand.

Writes tests/fixtures/broken/NAME.onnx and the README.md there, which says of each what is wrong. Every one must be
refused with a clear message: no crash, no hang, no great amount of memory. Run from the repository root:

    python tests/truth/broken.py
"""

import io

import numpy as np
import onnx
from common import Graph, folder
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

TARGET = folder("broken")
LIMIT = 20_000  # bytes
FILES = {}  # name -> (bytes, what is wrong)
HUGE = 1 << 40


def file(name, wrong, content, limit=LIMIT):
    assert name not in FILES and len(content) < limit, (name, len(content))
    FILES[name] = (content, wrong)


def serialized(graph, output, shape=(4,), opset=17, batch="batch", change=None, legacy=False):
    model = graph.model([output] if isinstance(output, str) else output, list(shape), opset, batch, legacy)
    if change:
        change(model)
    return model.SerializeToString()


def broken(name, wrong, shape=(4,), opset=17, batch="batch", change=None):
    """Register a graph: the decorated function adds nodes to it and returns its output."""

    def register(build):
        g = Graph(name)
        file(name, wrong, serialized(g, build(g), shape, opset, batch, change))
        return build

    return register


def good_model():
    """A sound network, to be damaged."""
    g = Graph("good")
    x = g.op("Tanh", g.op("Gemm", "x", g.weight(4, 5)[0], g.weight(5)[0]))
    return g, g.op("Gemm", x, g.weight(5, 3)[0], g.weight(3)[0])


def damaged(name, wrong, change):
    g, y = good_model()
    file(name, wrong, serialized(g, y, change=change))


# ---------------------------------------------------------------------------------------------------------------
# Not models, or cut off

good = serialized(*good_model())
image = io.BytesIO()
Image.new("L", (4, 4), 128).save(image, "PNG")

file("empty", "an empty file", b"")
file("text", "a text file", b"This is not a model.\nIt is a text.\n")
file("png", "a PNG image", image.getvalue())
file("zeros", "a thousand zero bytes", bytes(1000))
file("noise", "random bytes", np.random.default_rng(1).bytes(1000))
for percent in (2, 25, 50, 75, 99):
    file(f"truncated_{percent}", f"a good model cut off after {percent} % of its bytes", good[: len(good) * percent // 100])
file("wrong_length", "the graph claims 2^40 bytes", b"\x08\x08\x3a" + b"\x80\x80\x80\x80\x80\x20" + b"\x00" * 20)
file("endless_varint", "a varint of 40 bytes", b"\x08" + b"\xff" * 40)


# ---------------------------------------------------------------------------------------------------------------
# The graph as a whole


def without(field):
    return lambda model: model.graph.ClearField(field)


def add_input(model):
    model.graph.input.append(helper.make_tensor_value_info("second", TensorProto.FLOAT, ["batch", 5]))
    model.graph.node.append(helper.make_node("Add", [model.graph.node[0].output[0], "second"], ["sum"]))
    model.graph.node[1].input[0] = "sum"
    model.graph.node.insert(1, model.graph.node.pop())


def reverse_nodes(model):
    nodes = list(model.graph.node)[::-1]
    model.graph.ClearField("node")
    model.graph.node.extend(nodes)


def cycle(model):
    model.graph.node[0].input[0] = model.graph.node[1].output[0]


def undefined(model):
    model.graph.node[1].input[0] = "nowhere"


def duplicate(model):
    model.graph.node[1].output[0] = model.graph.node[0].output[0]


def missing_initializer(model):
    del model.graph.initializer[0]


def unknown_output(model):
    model.graph.output[0].name = "nowhere"


damaged("no_graph", "no graph", lambda model: model.ClearField("graph"))
damaged("no_inputs", "no input", without("input"))
damaged("no_outputs", "no output", without("output"))
damaged("no_nodes", "no nodes: the output is computed by none", without("node"))
damaged("no_opset", "no opset is declared", lambda model: model.ClearField("opset_import"))
damaged("cycle", "the first node reads the second one's result", cycle)
damaged("reads_itself", "a node reads its own result",
        lambda model: model.graph.node[1].input.__setitem__(0, model.graph.node[1].output[0]))
damaged("undefined_tensor", "a node reads a tensor that nothing defines", undefined)
damaged("duplicate_outputs", "two nodes write the same name", duplicate)
damaged("missing_initializer", "a weight is not in the file", missing_initializer)
damaged("unknown_output", "the graph's output is computed by none", unknown_output)
damaged("two_inputs", "two inputs, both without values", add_input)
damaged("nodes_out_of_order", "the nodes stand in reverse order: ONNX demands topological order", reverse_nodes)
damaged("opset_99", "opset 99, unknown yet", lambda model: setattr(model.opset_import[0], "version", 99))
damaged("opset_1", "opset 1, too old", lambda model: setattr(model.opset_import[0], "version", 1))
damaged("opset_negative", "opset -3", lambda model: setattr(model.opset_import[0], "version", -3))


@broken("opset_7_new_form", "opset 7, but Clip has its bounds as inputs, as from opset 11 on", opset=7)
def build(g):
    return g.op("Clip", "x", g.scalar(-1), g.scalar(1))


@broken("dynamic_feature_axis", "the number of features is not fixed", shape=("features",))
def build(g):
    return g.op("Tanh", "x")


@broken("dynamic_image", "height and width are not fixed", shape=(1, "height", "width"))
def build(g):
    return g.op("Conv", "x", g.weight(2, 1, 3, 3)[0])


@broken("no_input_shape", "the input's shape is not declared", change=lambda model:
        model.graph.input[0].type.tensor_type.ClearField("shape"))
def build(g):
    return g.op("Tanh", "x")


@broken("no_input_type", "the input's type is not declared", change=lambda model: model.graph.input[0].ClearField("type"))
def build(g):
    return g.op("Tanh", "x")


@broken("integer_input", "the input is of integers", change=lambda model:
        setattr(model.graph.input[0].type.tensor_type, "elem_type", TensorProto.INT64))
def build(g):
    return g.op("Gemm", g.op("Cast", "x", to=TensorProto.FLOAT), g.weight(4, 2)[0])


@broken("negative_input_axis", "the input has -4 features", shape=(-4,))
def build(g):
    return g.op("Tanh", "x")


@broken("huge_input", "the input has 2^40 features", shape=(HUGE,))
def build(g):
    return g.op("Tanh", "x")


@broken("huge_input_product", "the input's shape has a product beyond 64 bits", shape=(HUGE, HUGE))
def build(g):
    return g.op("Tanh", "x")


@broken("empty_axis", "the input has an axis of size 0", shape=(3, 0))
def build(g):
    return g.op("Tanh", "x")


@broken("moves_a_fixed_batch", "a constant with more axes than the input shifts a batch of 2 to the second axis", shape=(3,), batch=2)
def build(g):
    return g.op("Add", "x", g.weight(2, 1, 3)[0])


@broken("transposes_a_fixed_batch", "a batch of 2 is moved to the last axis", shape=(3,), batch=2)
def build(g):
    return g.op("Transpose", "x", perm=[1, 0])


@broken("sums_over_the_batch", "a sum over the batch", shape=(3,))
def build(g):
    return g.op("ReduceSum", "x", g.ints(0))


@broken("softmax_over_the_batch", "a softmax over the batch", shape=(3,))
def build(g):
    return g.op("Softmax", "x", axis=0)


@broken("constant_output", "the output does not depend on the input")
def build(g):
    g.op("Tanh", "x")
    return g.op("Tanh", g.weight(1, 3)[0])


# ---------------------------------------------------------------------------------------------------------------
# Weights


def raw_tensor(name, kind, dims, raw=b"", **fields):
    """A TensorProto with exactly these fields, however wrong."""
    tensor = TensorProto(name=name, data_type=kind, dims=dims, **fields)
    if raw is not None:
        tensor.raw_data = raw
    return tensor


def external_tensor(name, dims, **entries):
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=dims, data_location=TensorProto.EXTERNAL)
    for key, value in entries.items():
        tensor.external_data.add(key=key, value=str(value))
    return tensor


def weight_case(name, wrong, tensor):
    @broken(name, wrong)
    def build(g):
        g.initializers.append(tensor)
        return g.op("Gemm", "x", tensor.name)


sixteen = np.ones(16, np.float32).tobytes()
weight_case("weight_too_short", "raw_data of 60 bytes for 4 x 4 floats", raw_tensor("w", TensorProto.FLOAT, [4, 4], sixteen[:60]))
weight_case("weight_too_long", "raw_data of 64 bytes for 4 x 3 floats", raw_tensor("w", TensorProto.FLOAT, [4, 3], sixteen))
weight_case("weight_odd_bytes", "raw_data of 63 bytes", raw_tensor("w", TensorProto.FLOAT, [4, 4], sixteen[:63]))
weight_case("weight_no_data", "a weight without data", raw_tensor("w", TensorProto.FLOAT, [4, 4], None))
weight_case("weight_float_data_short", "float_data of 3 values for 4 x 4", raw_tensor("w", TensorProto.FLOAT, [4, 4], None,
            float_data=[1, 2, 3]))
weight_case("weight_negative_dims", "a weight of -4 x -4", raw_tensor("w", TensorProto.FLOAT, [-4, -4], sixteen))
weight_case("weight_dims_overflow", "dims whose product is 0 modulo 2^64", raw_tensor("w", TensorProto.FLOAT, [1 << 32, 1 << 32]))
weight_case("weight_dims_overflow_to_fit", "dims whose product is 16 modulo 2^64", raw_tensor(
    "w", TensorProto.FLOAT, [(1 << 60) + 1, 16], sixteen))
weight_case("weight_huge", "a weight of 1e9 x 1e9 without data", raw_tensor("w", TensorProto.FLOAT, [10**9, 10**9]))
weight_case("weight_thousand_axes", "a weight with 1000 axes", raw_tensor("w", TensorProto.FLOAT, [1] * 1000, sixteen[:4]))
weight_case("weight_string", "a weight of strings", raw_tensor("w", TensorProto.STRING, [4, 1], None, string_data=[b"a"] * 4))
weight_case("weight_unknown_type", "a weight of the unknown type 77", raw_tensor("w", 77, [4, 4], sixteen))
weight_case("weight_complex", "a weight of complex numbers", raw_tensor("w", TensorProto.COMPLEX64, [4, 2], sixteen))
weight_case("weight_nan", "a weight that is NaN", raw_tensor("w", TensorProto.FLOAT, [4, 1], np.array([1, np.nan, 1, 1],
            np.float32).tobytes()))
weight_case("weight_infinite", "a weight that is infinite", raw_tensor("w", TensorProto.FLOAT, [4, 1], np.array(
    [1, 1, np.inf, 1], np.float32).tobytes()))
weight_case("external_outside", "weights in ../../etc/passwd", external_tensor("w", [4, 1], location="../../etc/passwd"))
weight_case("external_far_outside", "weights in ../../../../../../etc/passwd, hidden behind a folder", external_tensor(
    "w", [4, 1], location="folder/../../../../../../../../etc/passwd"))
weight_case("external_absolute", "weights in /etc/passwd", external_tensor("w", [4, 1], location="/etc/passwd"))
weight_case("external_missing", "weights in a file that is not there", external_tensor("w", [4, 1], location="missing.bin"))
weight_case("external_no_location", "weights outside, but no place is given", external_tensor("w", [4, 1]))
weight_case("external_folder", "weights in a folder", external_tensor("w", [4, 1], location="."))
weight_case("external_offset", "weights in README.md from an offset beyond its end", external_tensor(
    "w", [4, 1], location="README.md", offset=10**12, length=16))
weight_case("external_length", "weights in README.md, longer than it", external_tensor(
    "w", [1 << 20, 1 << 20], location="README.md", offset=0, length=1 << 42))
weight_case("external_negative", "weights in README.md at a negative offset", external_tensor(
    "w", [4, 1], location="README.md", offset=-16, length=16))
weight_case("external_length_mismatch", "weights in README.md with 8 bytes for 4 floats", external_tensor(
    "w", [4, 1], location="README.md", offset=0, length=8))
weight_case("external_overflow", "weights in README.md where offset + length overflows 64 bits", external_tensor(
    "w", [4, 1], location="README.md", offset=(1 << 64) - 8, length=16))
weight_case("external_not_a_number", "weights in README.md at the offset 'ten'", external_tensor(
    "w", [4, 1], location="README.md", offset="ten", length=16))


# ---------------------------------------------------------------------------------------------------------------
# Operators with shapes or attributes that cannot be


def open_sizes(model):
    for axis in model.graph.input[0].type.tensor_type.shape.dim:
        axis.dim_param = "n"


def operator_case(name, wrong, op_type, constants=lambda g: [], shape=(4,), opset=17, outputs=1, **attributes):
    @broken(name, wrong, shape=shape, opset=opset)
    def build(g):
        y = g.op(op_type, "x", *constants(g), outputs=outputs, **attributes)
        return y if isinstance(y, str) else y[0]


def weights(*shapes):
    return lambda g: [g.weight(*s)[0] for s in shapes]


def ints(*lists):
    return lambda g: [g.ints(*values) for values in lists]


IMAGE = (2, 5, 5)
operator_case("conv_wrong_rank", "a convolution's weight with 3 axes on an image", "Conv", weights((3, 2, 3)), IMAGE)
operator_case("conv_channels", "a convolution for 3 channels on an image of 2", "Conv", weights((3, 3, 3, 3)), IMAGE)
operator_case("conv_group_zero", "group = 0", "Conv", weights((3, 2, 3, 3)), IMAGE, group=0)
operator_case("conv_group_negative", "group = -1", "Conv", weights((3, 2, 3, 3)), IMAGE, group=-1)
operator_case("conv_group_three", "3 groups of 2 channels", "Conv", weights((3, 1, 3, 3)), IMAGE, group=3)
operator_case("conv_strides_zero", "strides 0", "Conv", weights((3, 2, 3, 3)), IMAGE, strides=[0, 0])
operator_case("conv_strides_negative", "strides -1", "Conv", weights((3, 2, 3, 3)), IMAGE, strides=[-1, -1])
operator_case("conv_dilations_zero", "dilations 0", "Conv", weights((3, 2, 3, 3)), IMAGE, dilations=[0, 1])
operator_case("conv_dilations_huge", "dilations of 2^62", "Conv", weights((3, 2, 3, 3)), IMAGE, dilations=[1 << 62, 1 << 62])
operator_case("conv_strides_count", "three strides for two axes", "Conv", weights((3, 2, 3, 3)), IMAGE, strides=[1, 1, 1])
operator_case("conv_pads_count", "three pads for two axes", "Conv", weights((3, 2, 3, 3)), IMAGE, pads=[1, 1, 1])
operator_case("conv_pads_negative", "negative pads, which leave nothing", "Conv", weights((3, 2, 3, 3)), IMAGE, pads=[-3] * 4)
operator_case("conv_pads_huge", "pads of 2^40", "Conv", weights((3, 2, 3, 3)), IMAGE, pads=[HUGE] * 4)
operator_case("conv_pads_overflow", "pads of 2^63 - 1", "Conv", weights((3, 2, 3, 3)), IMAGE, pads=[(1 << 63) - 1] * 4)
operator_case("conv_kernel_mismatch", "kernel_shape 5 x 5 with a weight of 3 x 3", "Conv", weights((3, 2, 3, 3)), IMAGE,
              kernel_shape=[5, 5])
operator_case("conv_kernel_zero", "a kernel of 0 x 0", "Conv", lambda g: [g.constant(np.zeros((3, 2, 0, 0), np.float32))], IMAGE)
operator_case("conv_kernel_too_large", "a kernel larger than the image, without pads", "Conv", weights((1, 2, 7, 7)), IMAGE)
operator_case("conv_bias_mismatch", "a bias of 5 for 3 channels", "Conv", weights((3, 2, 3, 3), (5,)), IMAGE)
operator_case("conv_bad_auto_pad", "auto_pad = SOMEHOW", "Conv", weights((3, 2, 3, 3)), IMAGE, auto_pad="SOMEHOW")
operator_case("conv_no_weight", "a convolution without a weight", "Conv", shape=IMAGE)
operator_case("conv_4d", "a convolution over four axes (not supported)", "Conv", weights((1, 1, 2, 2, 2, 2)), (1, 3, 3, 3, 3))
operator_case("conv_on_vector", "a convolution over a vector", "Conv", weights((1, 1, 3)), (4,))
operator_case("gemm_mismatch", "a product of 4 features with a weight of 5 x 3", "Gemm", weights((5, 3)))
operator_case("gemm_bias_mismatch", "a bias of 7 for 3 outputs", "Gemm", weights((4, 3), (7,)))
operator_case("gemm_trans_a", "transA = 1: a product over the batch", "Gemm", weights((4, 3)), transA=1)
operator_case("gemm_wrong_rank", "a Gemm weight with 3 axes", "Gemm", weights((4, 3, 2)))
operator_case("matmul_mismatch", "a matrix product of 4 with 3", "MatMul", weights((3, 2)))
operator_case("add_mismatch", "an addition of 4 and 3 features", "Add", weights((3,)))
operator_case("pool_kernel_zero", "a pooling window of 0", "AveragePool", shape=IMAGE, kernel_shape=[0, 0])
operator_case("pool_strides_zero", "pooling with strides 0", "MaxPool", shape=IMAGE, kernel_shape=[2, 2], strides=[0, 0])
operator_case("pool_no_kernel", "pooling without kernel_shape", "MaxPool", shape=IMAGE)
operator_case("pool_pads_huge", "pooling with pads of 2^40", "AveragePool", shape=IMAGE, kernel_shape=[2, 2], pads=[HUGE] * 4)
operator_case("pool_pads_over_kernel", "pads wider than the window: a maximum over nothing", "MaxPool", shape=IMAGE,
              kernel_shape=[2, 2], pads=[3] * 4)
operator_case("pool_too_large", "a window larger than the image", "AveragePool", shape=IMAGE, kernel_shape=[9, 9])
operator_case("pool_kernel_huge", "a window of 2^31 x 2^31", "AveragePool", shape=IMAGE, kernel_shape=[1 << 31] * 2,
              pads=[1 << 30] * 4)
operator_case("reshape_impossible", "4 features reshaped to 3", "Reshape", ints((0, 3)))
operator_case("reshape_two_unknown", "two sizes to be inferred", "Reshape", ints((-1, -1)))
operator_case("reshape_negative", "a size of -5", "Reshape", ints((0, -5)))
operator_case("reshape_overflow", "sizes whose product overflows", "Reshape", ints((0, 1 << 62, 1 << 62)))
operator_case("reshape_to_variable", "a shape that depends on the input's values", "Reshape", lambda g: [
    g.op("Cast", g.op("Squeeze", "x"), to=TensorProto.INT64)])
operator_case("pad_huge", "pads of 2^40", "Pad", ints((0, HUGE, 0, HUGE)))
operator_case("pad_overflow", "pads of 2^63 - 1", "Pad", ints((0, (1 << 63) - 1, 0, (1 << 63) - 1)))
operator_case("pad_too_negative", "more is cut off than there is", "Pad", ints((0, -3, 0, -3)))
operator_case("pad_batch", "the batch is padded", "Pad", ints((1, 0, 0, 0)))
operator_case("pad_mode", "an unknown mode", "Pad", ints((0, 1, 0, 1)), mode="mirror")
operator_case("flatten_axis", "axis 7 of 2", "Flatten", axis=7)
operator_case("softmax_axis", "axis -9 of 2", "Softmax", axis=-9)
operator_case("concat_axis", "axis 5 of 2", "Concat", weights((1, 4)), axis=5)
operator_case("concat_no_axis", "Concat without an axis", "Concat", weights((1, 4)))
operator_case("reduce_axis", "axis 9 of 2", "ReduceMean", axes=[9])
operator_case("reduce_axis_twice", "the same axis twice", "ReduceMean", axes=[1, -1])
operator_case("transpose_no_permutation", "perm = [0, 1, 1]", "Transpose", shape=(2, 3), perm=[0, 1, 1])
operator_case("transpose_out_of_range", "perm = [0, 2, 5]", "Transpose", shape=(2, 3), perm=[0, 2, 5])
operator_case("transpose_short", "perm = [0, 1] for three axes", "Transpose", shape=(2, 3), perm=[0, 1])
operator_case("squeeze_not_one", "an axis of size 4 is squeezed", "Squeeze", ints((1,)))
operator_case("unsqueeze_twice", "the same new axis twice", "Unsqueeze", ints((1, 1)))
operator_case("unsqueeze_out_of_range", "the new axis 9", "Unsqueeze", ints((9,)))
operator_case("slice_step_zero", "step 0", "Slice", ints((0,), (4,), (1,), (0,)))
operator_case("slice_empty", "nothing is left", "Slice", ints((3,), (2,), (1,)))
operator_case("slice_axis", "axis 6 of 2", "Slice", ints((0,), (2,), (6,)))
operator_case("slice_counts", "two starts, one end", "Slice", ints((0, 1), (2,), (1,)))
operator_case("slice_batch", "part of the batch", "Slice", ints((0,), (1,), (0,)))
operator_case("split_sum", "parts of 1 and 2 from 4", "Split", ints((1, 2)), outputs=2, axis=1)
operator_case("split_negative", "parts of 5 and -1", "Split", ints((5, -1)), outputs=2, axis=1)
operator_case("split_many", "num_outputs = 2^31", "Split", opset=18, outputs=2, axis=1, num_outputs=1 << 31)
operator_case("split_count", "three sizes, two outputs", "Split", ints((1, 1, 2)), outputs=2, axis=1)
operator_case("gather_out_of_range", "index 17 of 4", "Gather", ints((17,)), axis=1)
operator_case("expand_huge", "expanded to 2^40 features", "Expand", ints((1, HUGE, 4)))
operator_case("tile_huge", "repeated 2^40 times", "Tile", ints((1, HUGE)))
operator_case("tile_negative", "repeated -2 times", "Tile", ints((1, -2)))
operator_case("arg_max_over_the_batch", "the greatest of a batch", "ArgMax")
operator_case("top_k_too_many", "the first 9 of 4", "TopK", ints((9,)), outputs=2)
operator_case("cum_prod_over_the_batch", "a running product over the batch", "CumProd", lambda g: [g.constant(np.int64(0))], opset=26)
operator_case("cast_to_nothing", "a cast to the unknown type 1234", "Cast", to=1234)
operator_case("attribute_wrong_type", "axis is a text", "Softmax", axis="one")
operator_case("attribute_wrong_type_ints", "strides is a number", "Conv", weights((1, 2, 3, 3)), IMAGE, strides=1.5)
operator_case("batch_normalization_mismatch", "statistics for 7 channels on 2", "BatchNormalization",
              weights((7,), (7,), (7,), (7,)), IMAGE)
operator_case("layer_normalization_mismatch", "a scale of 3 for 4 features", "LayerNormalization", weights((3,)))
operator_case("prelu_mismatch", "slopes for 3 of 4 features", "PRelu", weights((3,)))
operator_case("too_many_inputs", "Tanh with three inputs", "Tanh", weights((4,), (4,)))
operator_case("too_many_outputs", "Tanh with two outputs", "Tanh", outputs=2)
operator_case("dropout_training", "Dropout in training mode", "Dropout", lambda g: [g.scalar(0.5), g.constant(np.array(True))])

@broken("logarithm_of_negative", "sound, but its value is NaN everywhere: the logarithm of -exp(x)")
def build(g):
    return g.op("Log", g.op("Neg", g.op("Exp", "x")))


@broken("tanh_without_input", "Tanh without an input")
def build(g):
    g.op("Tanh", "x")
    return g.op("Tanh")


@broken("add_with_one_input", "an addition with one operand")
def build(g):
    return g.op("Add", "x")


@broken("max_pool_indices", "the indices of a max pooling are used (not supported)", shape=IMAGE)
def build(g):
    a, b = g.op("MaxPool", "x", kernel_shape=[2, 2], outputs=2)
    return g.op("Mul", a, g.op("Cast", b, to=TensorProto.FLOAT))


@broken("divide_by_zero_constant", "the input divided by 0")
def build(g):
    return g.op("Div", "x", g.scalar(0))


@broken("integer_divide_by_zero", "a size computed as 4 / 0")
def build(g):
    return g.op("Reshape", "x", g.op("Concat", g.ints(0), g.op("Div", g.ints(4), g.ints(0)), axis=0))


@broken("integer_overflow", "a size computed beyond 64 bits, and the smallest integer divided by -1")
def build(g):
    low = g.op("Div", g.ints(-(1 << 63)), g.ints(-1))
    return g.op("Reshape", "x", g.op("Concat", g.ints(0), g.op("Mul", low, g.ints(1 << 62)), axis=0))


@broken("constant_of_shape_huge", "a constant of 2^80 elements")
def build(g):
    return g.op("Add", "x", g.op("ConstantOfShape", g.ints(HUGE, HUGE)))


@broken("constant_of_shape_large", "a constant of 2^36 elements, that would fit a large machine")
def build(g):
    return g.op("Add", "x", g.op("ReduceSum", g.op("ConstantOfShape", g.ints(1, 1 << 36)), g.ints(1)))


@broken("constant_of_shape_negative", "a constant of -4 elements")
def build(g):
    return g.op("Add", "x", g.op("ConstantOfShape", g.ints(-4)))


@broken("constant_expand_huge", "a constant expanded to 2^80 elements")
def build(g):
    return g.op("Add", "x", g.op("Expand", g.scalar(1), g.ints(HUGE, HUGE)))


@broken("constant_tile_huge", "a constant repeated 2^80 times")
def build(g):
    return g.op("Add", "x", g.op("Tile", g.weight(1, 1)[0], g.ints(HUGE, HUGE)))


@broken("range_huge", "a range of 2^62 numbers")
def build(g):
    numbers = g.op("Range", *[g.constant(np.array(v, np.int64)) for v in (0, 1 << 62, 1)])
    return g.op("Gather", "x", numbers, axis=1)


@broken("doubling", "200 constants, each the previous one twice: 2^200 numbers")
def build(g):
    name = g.weight(1)[0]
    for _ in range(200):
        name = g.op("Concat", name, name, axis=0)
    return g.op("Add", "x", name)


@broken("doubling_input", "the input concatenated with itself, 60 times: 2^62 features")
def build(g):
    name = "x"
    for _ in range(60):
        name = g.op("Concat", name, name, axis=1)
    return name


# ---------------------------------------------------------------------------------------------------------------
# Operators that are unknown or not supported


@broken("unknown_operator", "the operator Frobnicate")
def build(g):
    return g.op("Frobnicate", "x")


@broken("custom_domain", "an operator of the domain com.example", change=lambda model: model.opset_import.append(
        helper.make_opsetid("com.example", 1)))
def build(g):
    return g.op("Tanh", "x", domain="com.example")


@broken("undeclared_domain", "an operator of a domain whose version is not declared")
def build(g):
    return g.op("Tanh", "x", domain="org.nobody")


operator_case("lstm_over_the_batch", "a sequence along the batch", "LSTM", weights((1, 8, 4), (1, 8, 2)), (3, 4), hidden_size=2)
for wrong, shapes, attributes in (
    ("weights", ((1, 8, 5), (1, 8, 2)), {}),
    ("hidden_size", ((1, 8, 4), (1, 8, 2)), dict(hidden_size=3)),
    ("activations", ((1, 8, 4), (1, 8, 2)), dict(activations=["Sigmoid", "Tanh", "Sine"])),
    ("activation_count", ((1, 8, 4), (1, 8, 2)), dict(activations=["Sigmoid"])),
    ("activation_alpha", ((1, 8, 4), (1, 8, 2)), dict(activations=["Elu", "Tanh", "Tanh"], activation_alpha=[0.5, 0.5])),
    ("direction", ((1, 8, 4), (1, 8, 2)), dict(direction="up")),
):
    operator_case(f"lstm_{wrong}", f"an LSTM of impossible {wrong.replace('_', ' ')}", "LSTM", weights(*shapes), (3, 4), layout=1, **attributes)
operator_case("lstm_length", "a sequence longer than its input", "LSTM",
              lambda g: [*weights((1, 8, 4), (1, 8, 2))(g), "", g.constant(np.array([4], np.int32))], (3, 4), layout=1)
operator_case("lstm_long", "a sequence of 10^6 steps", "LSTM", weights((1, 8, 1), (1, 8, 2)), (10**6, 1), layout=1)
operator_case("einsum_diagonal", "an einsum that takes a diagonal", "Einsum", weights((4, 4)), equation="bi,jj->bi")
operator_case("einsum_of_more", "an einsum of three inputs, but with two", "Einsum", weights((4, 3)), equation="bi,ij,j->b")
operator_case("einsum_sizes", "an einsum of axes of other sizes", "Einsum", weights((3, 4)), equation="bi,ij->bj")
operator_case("einsum_result", "an einsum of whose result an axis comes from nowhere", "Einsum", weights((4, 3)), equation="bi,ij->bk")
operator_case("einsum_words", "an einsum with signs that are no letters", "Einsum", weights((4, 3)), equation="b1,1j->bj")
operator_case("einsum_batch", "an einsum that sums over the batch", "Einsum", weights((4, 3)), equation="bi,ij->j")
operator_case("attention_heads", "heads that don't divide the size of a token", "Attention", weights((1, 3, 4), (1, 3, 4)), (3, 4),
              opset=23, q_num_heads=3, kv_num_heads=2)
operator_case("mask_of_a_row", "a mask that leaves nothing of a row", "Add",
              lambda g: [g.constant(np.array([[-np.inf] * 4, [0] * 4, [0] * 4], np.float32))], (3, 4))
operator_case("mask_of_no_softmax", "a mask of -inf without a softmax", "Add",
              lambda g: [g.constant(np.array([0, -np.inf, 0, 0], np.float32))], (3, 4))


@broken("mask_into_attention", "scores with -inf as the queries of an Attention", shape=(2, 3, 4), opset=23)
def build(g):
    queries = g.op("Add", "x", g.constant(np.array([0, -np.inf, 0, 0], np.float32)))
    return g.op("Attention", queries, "x", "x")


@broken("no_samples", "a batch of no samples, and a constant of none", batch=0)
def build(g):
    return g.op("Add", "x", g.constant(np.zeros((0, 4), np.float32)))


@broken("several_obstacles", "operators that aren't supported, before and behind each other")
def build(g):
    y = g.op("Bernoulli", "x")
    z = g.op("Det", g.op("Det", g.op("Tanh", "x")))
    return g.op("Add", g.op("NonMaxSuppression", y), g.op("Add", g.op("RandomNormalLike", "x"), z))


@broken("several_obstacles_and_open_sizes", "a cast to texts before such an operator, in an input of open sizes", change=lambda model: open_sizes(model))
def build(g):
    return g.op("Det", g.op("Cast", g.op("Relu", "x"), to=TensorProto.STRING))


operator_case("unsupported_resize", "Resize", "Resize", lambda g: ["", g.constant(np.array([1, 1, 2, 2], np.float32))], IMAGE,
              coordinate_transformation_mode="tf_crop_and_resize")
operator_case("resize_huge", "a scale of 10^12", "Resize",
              lambda g: ["", g.constant(np.array([1, 1, 1, 1e12], np.float32))], IMAGE)
operator_case("resize_linear_large", "a matrix of 4 by 2^23", "Resize",
              lambda g: ["", g.constant(np.array([1, 1, 1, 2**21], np.float32))], IMAGE, mode="linear")
operator_case("conv_transpose_strides_huge", "strides of 2^40", "ConvTranspose", weights((2, 1, 2, 2)), IMAGE, strides=[2**40, 1])
operator_case("grid_sample_axes", "a grid for volumes with an image", "GridSample", lambda g: [g.constant(np.zeros((1, 2, 2, 3), np.float32))], IMAGE)
operator_case("grid_sample_infinite", "an infinite coordinate", "GridSample",
              lambda g: [g.constant(np.full((1, 2, 2, 2), np.inf, np.float32))], IMAGE)
operator_case("col2im_blocks", "another number of blocks", "Col2Im", ints((5, 5), (2, 2)), (4, 15), opset=18)
operator_case("col2im_huge", "an image of 2^40 by 2^40 pixels", "Col2Im", ints((2**40, 2**40), (2, 2)), (4, 16), opset=18)
operator_case("center_crop_over_the_batch", "a crop along the batch", "CenterCropPad", ints((2,)), (4,), opset=18, axes=[0])
operator_case("dft_last_axis", "a transform along real and imaginary parts", "DFT", lambda g: ["", g.constant(np.int64(-1))], (4, 2), opset=20)
operator_case("dft_huge", "a transform of length 2^40", "DFT", lambda g: [g.constant(np.int64(2**40))], (4, 1), opset=20)
operator_case("dft_large", "a transform of length 2^29", "DFT", lambda g: [g.constant(np.int64(2**29))], (4, 1), opset=20)
operator_case("stft_frame", "frames longer than the signal", "STFT", lambda g: [g.constant(np.int64(1)), "", g.constant(np.int64(5))], (4, 1))
operator_case("reverse_sequence_lengths", "lengths beyond the sequence", "ReverseSequence", ints((5,)), (4, 1), time_axis=1, batch_axis=0)
operator_case("reverse_sequence_over_the_batch", "the samples the other way round", "ReverseSequence", ints((1, 1, 1, 1)))
operator_case("scatter_mismatch", "updates of another shape", "ScatterElements",
              lambda g: [g.constant(np.zeros((1, 2), np.int64)), g.constant(np.zeros((1, 3), np.float32))], axis=1)
operator_case("cumsum_over_the_batch", "a running sum over the batch", "CumSum", lambda g: [g.constant(np.int64(0))])
operator_case("unsupported_det", "Det", "Det")


@broken("affine_grid_huge", "a grid of 2^40 points", IMAGE)
def build(g):
    return g.op("GridSample", "x", g.op("AffineGrid", g.weight(1, 2, 3)[0], g.ints(1, 1, 2**20, 2**20)))


@broken("unsupported_nonzero", "NonZero: a shape that depends on the values")
def build(g):
    return g.op("Cast", g.op("NonZero", "x"), to=TensorProto.FLOAT)


@broken("whole_numbers_divided", "integers that depend on the input, divided as integers")
def build(g):
    whole = g.op("Div", g.op("Cast", "x", to=TensorProto.INT64), g.ints(2))
    return g.op("Cast", whole, to=TensorProto.FLOAT)


@broken("whole_numbers_in_a_layer", "a sine of integers")
def build(g):
    return g.op("Sin", g.op("ArgMax", "x", axis=1))


@broken("looked_up_along_two_axes", "indices that depend on the input, of another shape than the value")
def build(g):
    return g.op("GatherElements", "x", g.op("ArgMax", g.op("Unsqueeze", "x", g.ints(1)), axis=2), axis=1)


@broken("where_of_a_number", "Where whose condition is a number")
def build(g):
    return g.op("Where", g.op("Exp", "x"), "x", g.op("Cos", "x"))


@broken("where_infinite", "Where that puts -infinity by the input's sign")
def build(g):
    return g.op("Where", g.op("Greater", "x", g.scalar(0)), "x", g.scalar(-np.inf))


@broken("sum_of_conditions", "a sum of what comparisons say")
def build(g):
    return g.op("Add", g.op("Greater", "x", g.scalar(0)), g.op("Less", "x", g.scalar(1)))


@broken("condition_of_a_number", "And of a comparison and a number")
def build(g):
    return g.op("Where", g.op("And", g.op("Greater", "x", g.scalar(0)), "x"), "x", g.scalar(1))


@broken("condition_shapes", "comparisons of 2 and of 3 numbers, joined")
def build(g):
    first, second = (g.op("Slice", "x", g.ints(0), g.ints(n), g.ints(1)) for n in (2, 3))
    p, q = (g.op("Greater", x, g.scalar(0)) for x in (first, second))
    return g.op("Cast", g.op("Or", p, q), to=TensorProto.FLOAT)


@broken("condition_doubled", "a condition that Xor makes of itself 30 times")
def build(g):
    p = g.op("Greater", "x", g.scalar(0))
    for _ in range(30):
        p = g.op("Xor", p, p)
    return g.op("Where", p, "x", g.scalar(1))


def local(name, inputs, outputs, *nodes, attributes=()):
    """Adds a function of the domain "local" to a model."""

    def change(model):
        if all(o.domain != "local" for o in model.opset_import):
            model.opset_import.append(helper.make_opsetid("local", 1))
        opsets = [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)]
        model.functions.append(helper.make_function("local", name, inputs, outputs, list(nodes), opsets, list(attributes)))

    return change


@broken("function_attribute", "an attribute that the function doesn't have", change=local(
        "Twice", ["a"], ["b"], helper.make_node("Add", ["a", "a"], ["b"])))
def build(g):
    return g.op("Twice", "x", domain="local", factor=2.0)


@broken("function_inputs", "more inputs than the function has", change=local(
        "Twice", ["a"], ["b"], helper.make_node("Add", ["a", "a"], ["b"])))
def build(g):
    return g.op("Twice", "x", "x", domain="local")


@broken("function_node", "a fault inside of a function", change=local(
        "Outer", ["a"], ["b"], helper.make_node("Concat", ["a", "a"], ["b"], name="inner", axis=7)))
def build(g):
    return g.op("Outer", "x", domain="local")


def doubling(model):
    """Each function calls the one before twice: 2^22 nodes."""
    for i in range(22):
        calls = [helper.make_node(f"F{i - 1}", ["a"], ["b"], domain="local"), helper.make_node(f"F{i - 1}", ["b"], ["c"], domain="local")]
        local(f"F{i}", ["a"], ["c"], *(calls if i else [helper.make_node("Sin", ["a"], ["c"])]))(model)


@broken("function_doubling", "functions that call each other 2^22 times", change=doubling)
def build(g):
    return g.op("F21", "x", domain="local")


def chain(model):
    for i in range(40):
        local(f"F{i}", ["a"], ["b"], helper.make_node(f"F{i - 1}", ["a"], ["b"], domain="local") if i else
              helper.make_node("Sin", ["a"], ["b"]))(model)


@broken("function_deep", "functions that call each other, 40 deep", change=chain)
def build(g):
    return g.op("F39", "x", domain="local")


@broken("attribute_of_no_function", "a reference to an attribute of a function, in none", change=lambda model: model.graph.node[0].attribute.append(
        onnx.AttributeProto(name="alpha", ref_attr_name="slope", type=onnx.AttributeProto.FLOAT)))
def build(g):
    return g.op("Elu", "x")


def step(*nodes, inputs=("i", "go_on", "h"), outputs=("go_on_out", "h_out")):
    """The body of a Loop that keeps its condition, or another graph with these nodes."""
    nodes = [helper.make_node("Identity", ["go_on"], ["go_on_out"]), *nodes] if "go_on_out" in outputs else nodes
    kinds = dict(i=TensorProto.INT64, go_on=TensorProto.BOOL, go_on_out=TensorProto.BOOL)
    info = lambda name: helper.make_tensor_value_info(name, kinds.get(name, TensorProto.FLOAT), None)
    return helper.make_graph(nodes, "step", [info(i) for i in inputs], [info(o) for o in outputs])


SINE = helper.make_node("Sin", ["h"], ["h_out"])


@broken("loop_endless", "a Loop without an end")
def build(g):
    return g.op("Loop", "", "", "x", body=step(SINE))


@broken("loop_long", "a Loop of 2^40 steps")
def build(g):
    return g.op("Loop", g.constant(np.int64(2**40)), "", "x", body=step(SINE))


@broken("loop_by_the_input", "a Loop that ends by the input's size", shape=(1,))
def build(g):
    near = [helper.make_node("Less", ["h_out", "h"], ["less"])]
    return g.op("Loop", "", "", "x", body=step(SINE, *near, outputs=("less", "h_out")))


@broken("loop_inputs", "a Loop whose graph takes another number of inputs")
def build(g):
    return g.op("Loop", g.constant(np.int64(2)), "", "x", "x", outputs=2, body=step(SINE))[0]


@broken("loop_outputs", "a Loop whose graph lacks an output")
def build(g):
    return g.op("Loop", g.constant(np.int64(2)), "", "x", outputs=2, body=step(SINE))[1]


@broken("loop_shapes", "a Loop that collects values of different shapes")
def build(g):
    grow = helper.make_node("Concat", ["h", "h"], ["h_out"], axis=1)
    return g.op("Loop", g.constant(np.int64(2)), "", "x", outputs=2, body=step(grow, outputs=("go_on_out", "h_out", "h_out")))[1]


@broken("loop_outer_name", "a graph inside a node that reads a name that is nowhere")
def build(g):
    return g.op("Loop", g.constant(np.int64(2)), "", "x", body=step(helper.make_node("Add", ["h", "nowhere"], ["h_out"])))


@broken("sequence_position", "a position beyond a sequence")
def build(g):
    return g.op("SequenceAt", g.op("SplitToSequence", "x", axis=1), g.constant(np.int64(4)))


@broken("sequence_sizes", "parts that are too large")
def build(g):
    return g.op("SequenceAt", g.op("SplitToSequence", "x", g.ints(2, 3), axis=1), g.constant(np.int64(0)))


@broken("sequence_over_the_batch", "a sequence of the samples")
def build(g):
    return g.op("SequenceAt", g.op("SplitToSequence", "x"), g.constant(np.int64(0)))


@broken("sequence_as_value", "a function of a sequence")
def build(g):
    return g.op("Sin", g.op("SequenceConstruct", "x", "x"))


@broken("sequence_result", "a sequence as the result")
def build(g):
    return g.op("SequenceConstruct", "x", "x")


@broken("sequence_large", "2^40 parts of nothing")
def build(g):
    nothing = g.op("ConstantOfShape", g.ints(0, 2**40))
    return g.op("Add", "x", g.op("SequenceAt", g.op("SplitToSequence", nothing, axis=1), g.constant(np.int64(0))))


@broken("scan_over_the_batch", "a Scan along the batch")
def build(g):
    return g.op("Scan", "x", body=step(SINE, inputs=("h",), outputs=("h_out",)), num_scan_inputs=1)


@broken("scan_lengths", "a Scan of two sequences of different lengths", shape=(4, 3))
def build(g):
    add = helper.make_node("Add", ["h", "k"], ["h_out"])
    return g.op("Scan", "x", "x", body=step(add, inputs=("h", "k"), outputs=("h_out",)), num_scan_inputs=2, scan_input_axes=[1, 2])


@broken("recursive_function", "a function inside the file that calls itself", change=lambda model: (
        model.opset_import.append(helper.make_opsetid("local", 1)),
        model.functions.append(helper.make_function("local", "Again", ["a"], ["b"], [
            helper.make_node("Again", ["a"], ["b"], domain="local")], [helper.make_opsetid("local", 1)]))))
def build(g):
    return g.op("Again", "x", domain="local")


@broken("if_on_input", "If whose condition depends on the input")
def build(g):
    branches = {}
    for branch, value in (("then_branch", 1.0), ("else_branch", 2.0)):
        node = helper.make_node("Constant", [], [branch], value_float=value)
        branches[branch] = helper.make_graph([node], branch, [], [helper.make_tensor_value_info(branch, TensorProto.FLOAT, [])])
    condition = g.op("Greater", g.op("ReduceSum", "x", keepdims=0), g.scalar(0))
    return g.op("Mul", "x", g.op("If", condition, **branches))


def loss(targets, op="NegativeLogLikelihoodLoss", weight=None, scores=(2, 3), **attributes):
    def build(g):
        x = g.op("Reshape", "x", g.ints(*scores))
        inputs = [x, targets if isinstance(targets, str) else g.constant(np.array(targets))]
        return g.op(op, *inputs, *([] if weight is None else [g.weight(weight)[0]]), **attributes)

    return build


for name, wrong, build in (
        ("loss_target_outside", "a loss whose target is none of the classes", loss([0, 3])),
        ("loss_target_shape", "a loss of two samples with three targets", loss([0, 1, 2])),
        ("loss_target_floats", "a loss whose targets aren't integers", loss([0.0, 1.0])),
        ("loss_target_of_input", "a loss whose target depends on the input", loss("x")),
        ("loss_weight_shape", "a loss of three classes with four weights", loss([0, 1], weight=4)),
        ("loss_of_none", "a mean over targets that are all ignored", loss([1, 1], "SoftmaxCrossEntropyLoss", ignore_index=1)),
        ("loss_reduction", "a reduction that doesn't exist", loss([0, 1], "SoftmaxCrossEntropyLoss", reduction="median")),
        ("loss_without_classes", "scores without an axis of classes", loss([0, 1], "SoftmaxCrossEntropyLoss", scores=(6,)))):
    broken(name, wrong, shape=(6,), batch=1)(build)


def ml(op, outputs=1, **attributes):
    """A node of scikit-learn's domain."""

    def build(g):
        names = g.op(op, "x", domain="ai.onnx.ml", outputs=outputs, **attributes)
        return names if outputs == 1 else names[-1]

    return build


SVM = dict(kernel_type="RBF", kernel_params=[0.5, 0.0, 3.0], support_vectors=[0.0] * 8)
for name, wrong, build in (
        ("ml_scaler", "a Scaler of three of four features", ml("Scaler", offset=[0.0] * 3, scale=[1.0] * 3)),
        ("ml_regressor_huge", "a LinearRegressor of 2^62 targets", ml("LinearRegressor", coefficients=[1.0] * 4, targets=1 << 62)),
        ("ml_classifier", "a LinearClassifier of three labels for two classes",
         ml("LinearClassifier", 2, coefficients=[1.0] * 8, intercepts=[0.0] * 2, classlabels_ints=[0, 1, 2])),
        ("ml_classifier_probit", "a transform by quantiles of the normal distribution (not supported)",
         ml("LinearClassifier", 2, coefficients=[1.0] * 8, classlabels_ints=[0, 1], post_transform="PROBIT")),
        ("ml_label", "the label, which is the output asked for",
         lambda g: g.op("LinearClassifier", "x", domain="ai.onnx.ml", outputs=2, coefficients=[1.0] * 8, classlabels_ints=[0, 1])[0]),
        ("ml_imputer", "an Imputer of zeros, a jump", ml("Imputer", imputed_value_floats=[1.0], replaced_value_float=0.0)),
        ("ml_norm", "a Normalizer of an unknown norm", ml("Normalizer", norm="L3")),
        ("ml_svm", "an SVM with fewer vectors than it says", ml("SVMRegressor", n_supports=3, coefficients=[1.0] * 3, rho=[0.0], **SVM)),
        ("ml_svm_classes", "an SVM whose classes have more vectors than there are",
         ml("SVMClassifier", 2, vectors_per_class=[1 << 62, 1 << 62], classlabels_ints=[0, 1], coefficients=[1.0, -1.0], rho=[0.0], **SVM)),
        ("ml_svm_probabilities", "an SVM with probabilities by iteration (not supported)",
         ml("SVMClassifier", 2, vectors_per_class=[1, 1], classlabels_ints=[0, 1], coefficients=[1.0, -1.0], rho=[0.0], prob_a=[1.0], prob_b=[0.0], **SVM)),
        ("ml_trees", "trees, which have no derivatives", ml("TreeEnsembleRegressor", n_targets=1)),
        ("ml_binarizer", "a step", ml("Binarizer", threshold=0.5)),
        ("ml_zip_map", "a sequence of maps", ml("ZipMap", classlabels_int64s=[0, 1, 2, 3])),
        ("ml_categories", "an operator of categories", ml("OneHotEncoder", cats_int64s=[0, 1]))):
    broken(name, wrong)(build)


broken("quantize_shapes", "three scales for an axis of four", opset=13)(
    lambda g: g.op("DequantizeLinear", g.op("QuantizeLinear", "x", g.constant(np.ones(3, np.float32))), g.scalar(0.5)))
broken("quantize_type", "whole numbers of 32 bits", opset=21)(
    lambda g: g.op("DequantizeLinear", g.op("QuantizeLinear", "x", g.scalar(0.5), output_dtype=TensorProto.INT32), g.scalar(0.5)))
broken("quantize_float8", "numbers of 8 bits with a point", opset=21)(
    lambda g: g.op("DequantizeLinear", g.op("QuantizeLinear", "x", g.scalar(0.5), output_dtype=TensorProto.FLOAT8E4M3FN), g.scalar(0.5)))
broken("quantize_zero_type", "a zero point whose type is lost in arithmetic", opset=13)(
    lambda g: g.op("DequantizeLinear", g.op("QuantizeLinear", "x", g.scalar(0.5), g.op("Add", g.constant(np.uint8(3)), g.constant(np.uint8(4)))), g.scalar(0.5)))
broken("quantize_nan", "a scale of 0 and one that is no number", opset=13)(
    lambda g: g.op("Add", "x", g.op("DequantizeLinear", g.op("QuantizeLinear", g.constant(np.zeros((1, 4), np.float32)), g.scalar(0.0)), g.scalar(0.5))))
broken("quantize_zero_scale", "a step of 0", opset=13)(
    lambda g: g.op("DequantizeLinear", g.op("QuantizeLinear", "x", g.scalar(0.0)), g.scalar(0.5)))
broken("conv_integer_weights", "weights of a convolution that depend on the input", shape=(1, 4, 4), opset=13)(
    lambda g: g.op("Cast", g.op("ConvInteger", g.op("QuantizeLinear", "x", g.scalar(0.5)), g.op("QuantizeLinear", "x", g.scalar(0.5))), to=TensorProto.FLOAT))
broken("dequantize_shapes", "three scales for an axis of four", opset=13)(
    lambda g: g.op("Add", "x", g.op("DequantizeLinear", g.constant(np.zeros((1, 4), np.int8)), g.constant(np.ones(3, np.float32)))))
broken("dequantize_blocks", "blocks of 2^62 weights", opset=21)(
    lambda g: g.op("Add", "x", g.op("DequantizeLinear", g.constant(np.zeros((1, 4), np.int8)), g.constant(np.ones((1, 4), np.float32)),
                                    block_size=1 << 62)))


# ---------------------------------------------------------------------------------------------------------------
# Nested too deeply: written byte by byte, since protobuf's own writers refuse it


def varint(value):
    result = b""
    while value >= 128:
        result += bytes([value & 127 | 128])
        value >>= 7
    return result + bytes([value])


def field(number, content):
    """A field with a length: text, or another message."""
    content = content.encode() if isinstance(content, str) else content
    return varint(number << 3 | 2) + varint(len(content)) + content


def nested_if(depth):
    """If in If in If ...: NodeProto{input 1, output 2, op_type 4, attribute 5}, AttributeProto{name 1, g 6, type 20},
    GraphProto{node 1, output 12}, ValueInfoProto{name 1}."""
    graph = b""
    for _ in range(depth):
        attribute = field(1, "g") + field(6, graph) + varint(20 << 3) + varint(5)
        node = field(2, "y") + field(4, "If") + field(5, attribute)
        graph = field(1, node)
    return graph


def deep_model(depth):
    """ModelProto{ir_version 1, graph 7, opset_import 8}."""
    info = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4]).SerializeToString()
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 4]).SerializeToString()
    graph = nested_if(depth) + field(11, info) + field(12, output)
    opset = helper.make_opsetid("", 17).SerializeToString()
    return b"\x08\x08" + field(7, graph) + field(8, opset)


file("nested_30", "If inside If, 30 deep: within what protobuf readers allow", deep_model(30))
file("nested_2000", "If inside If, 2000 deep: a recursive reader may overflow its stack", deep_model(2000), 4 * LIMIT)


def main():
    for old in TARGET.glob("*.onnx"):
        old.unlink()
    lines = ["# Files that must be refused", "",
             "Most break the ONNX specification. The rest are sound but cannot be expanded: the batch is mixed, a size is not",
             "known, the result is not finite, an operator is not supported (yet).", "", "Made by `python tests/truth/broken.py`, from which this list comes too.", "",
             "| file | what is wrong |", "|---|---|"]
    for name, (content, wrong) in sorted(FILES.items()):
        (TARGET / f"{name}.onnx").write_bytes(content)
        lines.append(f"| {name}.onnx | {wrong} |")
    (TARGET / "README.md").write_text("\n".join(lines) + "\n")
    print(f"{TARGET}: {len(FILES)} files, the largest {max(len(c) for c, _ in FILES.values())} bytes")


if __name__ == "__main__":
    main()
