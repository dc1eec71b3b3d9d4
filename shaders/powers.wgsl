// Powers of weights for adjoints: see src/kernel/powers.rs. `params` has a member `powers`.

// The power that an order takes.
fn exponent_at(order: u32) -> u32 {
    return select(1u, order, params.powers == 1u);
}

// (weight / s)^k for a power of two s near the largest weight: small weights would underflow. k is at most 31; no loop,
// as each product takes many powers.
fn scaled_power(weight: f32, inverse_scale: f32, exponent: u32) -> f32 {
    var square = weight * inverse_scale;
    var power = select(1.0, square, (exponent & 1u) != 0u);
    square *= square;
    power *= select(1.0, square, (exponent & 2u) != 0u);
    square *= square;
    power *= select(1.0, square, (exponent & 4u) != 0u);
    square *= square;
    power *= select(1.0, square, (exponent & 8u) != 0u);
    square *= square;
    return power * select(1.0, square, (exponent & 16u) != 0u);
}

// value * s^k for a power of two s, exactly; in steps, as s^k alone may leave the range of f32.
fn unscaled(value: f32, scale: f32, exponent: u32) -> f32 {
    let binary = (i32(bitcast<u32>(scale) >> 23u) - 127) * i32(exponent);
    let first = clamp(binary, -126, 127);
    let second = clamp(binary - first, -126, 127);
    let third = clamp(binary - first - second, -126, 127);
    return value * power_of_two(first) * power_of_two(second) * power_of_two(third);
}

fn power_of_two(exponent: i32) -> f32 {
    return bitcast<f32>(u32(exponent + 127) << 23u);
}
