// Rules of powers, selections, extremes, logic and conversions: what each makes of the smallest graph that shows it.

let choicesCases: [RuleCase] = [
  RuleCase(
    "x^0, x^1, x^2, x^0.5, x^-1",
    """
    %0 = input f32[]
    %1 = constant {value=array f32[] (0.0)} : f32[]
    %2 = constant {value=array f32[] (1.0)} : f32[]
    %3 = constant {value=array f32[] (2.0)} : f32[]
    %4 = constant {value=array f32[] (0.5)} : f32[]
    %5 = constant {value=array f32[] (-1.0)} : f32[]
    %6 = power %0 %1 : f32[]
    %7 = power %0 %2 : f32[]
    %8 = power %0 %3 : f32[]
    %9 = power %0 %4 : f32[]
    %10 = power %0 %5 : f32[]
    %11 = power %0 %0 : f32[]
    return %6, %7, %8, %9, %10, %11
    """,
    """
    %0 = input f32[]
    %1 = constant {value=array f32[] (1.0)} : f32[]
    %2 = multiply %0 %0 : f32[]
    %3 = constant {value=array f32[] (0.0)} : f32[]
    %4 = compare %0 %3 {direction="eq"} : bool[]
    %5 = constant {value=array f32[] (-inf)} : f32[]
    %6 = compare %0 %5 {direction="eq"} : bool[]
    %7 = or %4 %6 : bool[]
    %8 = abs %0 : f32[]
    %9 = sqrt %0 : f32[]
    %10 = select %7 %8 %9 : f32[]
    %11 = constant {value=array f32[] (1.0)} : f32[]
    %12 = divide %11 %0 : f32[]
    %13 = power %0 %0 : f32[]
    return %1, %0, %2, %10, %12, %13
    """),
  RuleCase(
    "select by a constant, of equals",
    """
    %0 = input f32[2]
    %1 = input f32[2]
    %2 = input bool[2]
    %3 = constant {value=array bool[2] (1 1)} : bool[2]
    %4 = constant {value=array bool[2] (0 0)} : bool[2]
    %5 = select %3 %0 %1 : f32[2]
    %6 = select %4 %0 %1 : f32[2]
    %7 = select %2 %5 %0 : f32[2]
    return %6, %7
    """,
    """
    %0 = input f32[2]
    %1 = input f32[2]
    %2 = input bool[2]
    return %1, %0
    """),
  RuleCase(
    "select(not p, a, b) = select(p, b, a)",
    """
    %0 = input f32[2]
    %1 = input f32[2]
    %2 = input bool[2]
    %3 = not %2 : bool[2]
    %4 = select %3 %0 %1 : f32[2]
    return %4
    """,
    """
    %0 = input f32[2]
    %1 = input f32[2]
    %2 = input bool[2]
    %3 = select %2 %1 %0 : f32[2]
    return %3
    """),
  RuleCase(
    "max(x, x) = x, and(p, p) = p",
    """
    %0 = input f32[2]
    %1 = input bool[2]
    %2 = maximum %0 %0 : f32[2]
    %3 = minimum %2 %2 : f32[2]
    %4 = and %1 %1 : bool[2]
    %5 = or %4 %4 : bool[2]
    return %3, %5
    """,
    """
    %0 = input f32[2]
    %1 = input bool[2]
    return %0, %1
    """),
  RuleCase(
    "and, or with constants; not not",
    """
    %0 = input bool[2]
    %1 = constant {value=array bool[2] (1 1)} : bool[2]
    %2 = constant {value=array bool[2] (0 0)} : bool[2]
    %3 = and %0 %1 : bool[2]
    %4 = or %2 %3 : bool[2]
    %5 = and %2 %0 : bool[2]
    %6 = or %0 %1 : bool[2]
    %7 = not %4 : bool[2]
    %8 = not %7 : bool[2]
    return %8, %5, %6
    """,
    """
    %0 = input bool[2]
    %1 = constant {value=array bool[] (1)} : bool[]
    %2 = broadcast %1 {shape=[2], axes=[]} : bool[2]
    %3 = constant {value=array bool[] (0)} : bool[]
    %4 = broadcast %3 {shape=[2], axes=[]} : bool[2]
    return %0, %4, %2
    """),
  RuleCase(
    "convert to the same type, or there and back",
    """
    %0 = input f32[2]
    %1 = input i64[2]
    %2 = convert %0 {dtype=f32} : f32[2]
    %3 = convert %2 {dtype=f64} : f64[2]
    %4 = convert %3 {dtype=f32} : f32[2]
    %5 = convert %1 {dtype=f64} : f64[2]
    %6 = convert %5 {dtype=i64} : i64[2]
    return %4, %6
    """,
    """
    %0 = input f32[2]
    %1 = input i64[2]
    %2 = convert %1 {dtype=f64} : f64[2]
    %3 = convert %2 {dtype=i64} : i64[2]
    return %0, %3
    """),
]
