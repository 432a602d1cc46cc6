// Rules of sums, products and quotients: what each makes of the smallest graph that shows it.

let algebraCases: [RuleCase] = [
  RuleCase(
    "identity(x) = x",
    """
    %0 = input f32[3]
    %1 = identity %0 : f32[3]
    %2 = stopGradient %1 : f32[3]
    return %2
    """,
    """
    %0 = input f32[3]
    return %0
    """),
  RuleCase(
    "x + 0 = x",
    """
    %0 = input f32[3]
    %1 = constant {value=array f32[] (0.0)} : f32[]
    %2 = broadcast %1 {shape=[3], axes=[]} : f32[3]
    %3 = add %0 %2 : f32[3]
    %4 = add %2 %3 : f32[3]
    return %4
    """,
    """
    %0 = input f32[3]
    return %0
    """),
  RuleCase(
    "x + x = 2 x",
    """
    %0 = input f32[3]
    %1 = add %0 %0 : f32[3]
    return %1
    """,
    """
    %0 = input f32[3]
    %1 = constant {value=array f32[] (2.0)} : f32[]
    %2 = broadcast %1 {shape=[3], axes=[]} : f32[3]
    %3 = multiply %0 %2 : f32[3]
    return %3
    """),
  RuleCase(
    "x + (-y) = x - y",
    """
    %0 = input f32[3]
    %1 = input f32[3]
    %2 = negate %1 : f32[3]
    %3 = add %0 %2 : f32[3]
    %4 = add %2 %0 : f32[3]
    return %3, %4
    """,
    """
    %0 = input f32[3]
    %1 = input f32[3]
    %2 = subtract %0 %1 : f32[3]
    %3 = subtract %0 %1 : f32[3]
    return %2, %3
    """),
  RuleCase(
    "x - 0 = x, 0 - x = -x",
    """
    %0 = input f32[3]
    %1 = constant {value=array f32[] (0.0)} : f32[]
    %2 = broadcast %1 {shape=[3], axes=[]} : f32[3]
    %3 = subtract %0 %2 : f32[3]
    %4 = subtract %2 %3 : f32[3]
    return %4
    """,
    """
    %0 = input f32[3]
    %1 = negate %0 : f32[3]
    return %1
    """),
  RuleCase(
    "0 - x of integers stays",
    """
    %0 = input i32[3]
    %1 = constant {value=array i32[3] (0 0 0)} : i32[3]
    %2 = subtract %1 %0 : i32[3]
    return %2
    """,
    """
    %0 = input i32[3]
    %1 = constant {value=array i32[] (0)} : i32[]
    %2 = broadcast %1 {shape=[3], axes=[]} : i32[3]
    %3 = subtract %2 %0 : i32[3]
    return %3
    """),
  RuleCase(
    "x - (-y) = x + y",
    """
    %0 = input f32[3]
    %1 = input f32[3]
    %2 = negate %1 : f32[3]
    %3 = subtract %0 %2 : f32[3]
    return %3
    """,
    """
    %0 = input f32[3]
    %1 = input f32[3]
    %2 = add %0 %1 : f32[3]
    return %2
    """),
  RuleCase(
    "1 x = x, (-1) x = -x",
    """
    %0 = input f32[3]
    %1 = constant {value=array f32[3] (1.0 1.0 1.0)} : f32[3]
    %2 = constant {value=array f32[3] (-1.0 -1.0 -1.0)} : f32[3]
    %3 = multiply %0 %1 : f32[3]
    %4 = multiply %2 %3 : f32[3]
    return %4
    """,
    """
    %0 = input f32[3]
    %1 = negate %0 : f32[3]
    return %1
    """),
  RuleCase(
    "0 x stays, for x may be infinite",
    """
    %0 = input f32[3]
    %1 = constant {value=array f32[3] (0.0 0.0 0.0)} : f32[3]
    %2 = multiply %0 %1 : f32[3]
    %3 = subtract %0 %0 : f32[3]
    return %2, %3
    """,
    """
    %0 = input f32[3]
    %1 = constant {value=array f32[] (0.0)} : f32[]
    %2 = broadcast %1 {shape=[3], axes=[]} : f32[3]
    %3 = multiply %0 %2 : f32[3]
    %4 = subtract %0 %0 : f32[3]
    return %3, %4
    """),
  RuleCase(
    "(-x)(-y) = x y, (-x) c = x (-c)",
    """
    %0 = input f32[]
    %1 = input f32[]
    %2 = constant {value=array f32[] (3.0)} : f32[]
    %3 = negate %0 : f32[]
    %4 = negate %1 : f32[]
    %5 = multiply %3 %4 : f32[]
    %6 = multiply %2 %3 : f32[]
    return %5, %6
    """,
    """
    %0 = input f32[]
    %1 = input f32[]
    %2 = multiply %0 %1 : f32[]
    %3 = constant {value=array f32[] (-3.0)} : f32[]
    %4 = multiply %0 %3 : f32[]
    return %2, %4
    """),
  RuleCase(
    "(x c) d = x (c d)",
    """
    %0 = input f32[2]
    %1 = constant {value=array f32[] (3.0)} : f32[]
    %2 = broadcast %1 {shape=[2], axes=[]} : f32[2]
    %3 = constant {value=array f32[] (0.5)} : f32[]
    %4 = broadcast %3 {shape=[2], axes=[]} : f32[2]
    %5 = multiply %2 %0 : f32[2]
    %6 = multiply %5 %4 : f32[2]
    return %6
    """,
    """
    %0 = input f32[2]
    %1 = constant {value=array f32[] (1.5)} : f32[]
    %2 = broadcast %1 {shape=[2], axes=[]} : f32[2]
    %3 = multiply %0 %2 : f32[2]
    return %3
    """),
  RuleCase(
    "(x c) d stays where c d is infinite",
    """
    %0 = input f32[]
    %1 = constant {value=array f32[] (1e30)} : f32[]
    %2 = multiply %0 %1 : f32[]
    %3 = multiply %2 %1 : f32[]
    return %3
    """,
    """
    %0 = input f32[]
    %1 = constant {value=array f32[] (1.0000000150474662e+30)} : f32[]
    %2 = multiply %0 %1 : f32[]
    %3 = multiply %2 %1 : f32[]
    return %3
    """),
  RuleCase(
    "x / 1 = x, x / 8 = x 0.125, x / 3 stays",
    """
    %0 = input f32[]
    %1 = constant {value=array f32[] (1.0)} : f32[]
    %2 = constant {value=array f32[] (8.0)} : f32[]
    %3 = constant {value=array f32[] (3.0)} : f32[]
    %4 = divide %0 %1 : f32[]
    %5 = divide %4 %2 : f32[]
    %6 = divide %4 %3 : f32[]
    return %5, %6
    """,
    """
    %0 = input f32[]
    %1 = constant {value=array f32[] (3.0)} : f32[]
    %2 = constant {value=array f32[] (0.125)} : f32[]
    %3 = multiply %0 %2 : f32[]
    %4 = divide %0 %1 : f32[]
    return %3, %4
    """),
  RuleCase(
    "-(-x) = x",
    """
    %0 = input f32[3]
    %1 = negate %0 : f32[3]
    %2 = negate %1 : f32[3]
    return %2
    """,
    """
    %0 = input f32[3]
    return %0
    """),
  RuleCase(
    "-(a - b) = b - a, -(x c) = x (-c)",
    """
    %0 = input f32[]
    %1 = input f32[]
    %2 = constant {value=array f32[] (3.0)} : f32[]
    %3 = subtract %0 %1 : f32[]
    %4 = negate %3 : f32[]
    %5 = multiply %0 %2 : f32[]
    %6 = negate %5 : f32[]
    return %4, %6
    """,
    """
    %0 = input f32[]
    %1 = input f32[]
    %2 = subtract %1 %0 : f32[]
    %3 = constant {value=array f32[] (-3.0)} : f32[]
    %4 = multiply %0 %3 : f32[]
    return %2, %4
    """),
  RuleCase(
    "-(a - b) and -(x c) stay where their operands are used elsewhere",
    """
    %0 = input f32[]
    %1 = input f32[]
    %2 = constant {value=array f32[] (3.0)} : f32[]
    %3 = subtract %0 %1 : f32[]
    %4 = negate %3 : f32[]
    %5 = multiply %0 %2 : f32[]
    %6 = negate %5 : f32[]
    return %3, %4, %5, %6
    """),
]
