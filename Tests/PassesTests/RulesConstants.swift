// Rules of constants and splats: what each makes of the smallest graph that shows it.

let constantsCases: [RuleCase] = [
  RuleCase(
    "a constant of equal elements is a splat",
    """
    %0 = constant {value=array f32[2,2] (7.0 7.0 7.0 7.0)} : f32[2,2]
    return %0
    """,
    """
    %0 = constant {value=array f32[] (7.0)} : f32[]
    %1 = broadcast %0 {shape=[2,2], axes=[]} : f32[2,2]
    return %1
    """),
  RuleCase(
    "NaN is a number like others; 0 and -0 are two",
    """
    %0 = constant {value=array f32[2] (nan nan)} : f32[2]
    %1 = constant {value=array f32[2] (0.0 -0.0)} : f32[2]
    return %0, %1
    """,
    """
    %0 = constant {value=array f32[] (nan)} : f32[]
    %1 = broadcast %0 {shape=[2], axes=[]} : f32[2]
    %2 = constant {value=array f32[2] (0.0 -0.0)} : f32[2]
    return %1, %2
    """),
  RuleCase(
    "pointwise operations on splats and on small constants",
    """
    %0 = constant {value=array f32[3] (2.0 2.0 2.0)} : f32[3]
    %1 = constant {value=array f32[3] (1.0 2.0 3.0)} : f32[3]
    %2 = multiply %0 %0 : f32[3]
    %3 = add %2 %1 : f32[3]
    return %2, %3
    """,
    """
    %0 = constant {value=array f32[] (4.0)} : f32[]
    %1 = broadcast %0 {shape=[3], axes=[]} : f32[3]
    %2 = constant {value=array f32[3] (5.0 6.0 7.0)} : f32[3]
    return %1, %2
    """),
  RuleCase(
    "an elementary function of a constant stays, done once",
    """
    %0 = constant {value=array f32[3] (2.0 2.0 2.0)} : f32[3]
    %1 = exp %0 : f32[3]
    return %1
    """,
    """
    %0 = constant {value=array f32[] (2.0)} : f32[]
    %1 = exp %0 : f32[]
    %2 = broadcast %1 {shape=[3], axes=[]} : f32[3]
    return %2
    """),
  RuleCase(
    "views of a splat",
    """
    %0 = constant {value=array f32[] (2.0)} : f32[]
    %1 = broadcast %0 {shape=[2,3], axes=[]} : f32[2,3]
    %2 = transpose %1 {permutation=[1,0]} : f32[3,2]
    %3 = reshape %2 {shape=[6]} : f32[6]
    %4 = slice %3 {start=[1], limit=[5], step=[2]} : f32[2]
    %5 = reverse %4 {axes=[0]} : f32[2]
    %6 = broadcast %5 {shape=[4,2], axes=[1]} : f32[4,2]
    return %6
    """,
    """
    %0 = constant {value=array f32[] (2.0)} : f32[]
    %1 = broadcast %0 {shape=[4,2], axes=[]} : f32[4,2]
    return %1
    """),
  RuleCase(
    "a splat padded by itself, a concatenation of equal splats, slices of a splat",
    """
    %0 = input i32[2]
    %1 = constant {value=array f32[] (2.0)} : f32[]
    %2 = broadcast %1 {shape=[3], axes=[]} : f32[3]
    %3 = pad %2 %1 {low=[1], high=[0], interior=[0]} : f32[4]
    %4 = concatenate %2 %3 {axis=0} : f32[7]
    %5 = gather %4 %0 {axis=0} : f32[2]
    return %4, %5
    """,
    """
    %0 = input i32[2]
    %1 = constant {value=array f32[] (2.0)} : f32[]
    %2 = broadcast %1 {shape=[7], axes=[]} : f32[7]
    %3 = constant {value=array f32[] (2.0)} : f32[]
    %4 = broadcast %3 {shape=[2], axes=[]} : f32[2]
    return %2, %4
    """),
  RuleCase(
    "reductions of a splat",
    """
    %0 = constant {value=array f32[3,4] (2.0 2.0 2.0 2.0 2.0 2.0 2.0 2.0 2.0 2.0 2.0 2.0)} : f32[3,4]
    %1 = sum %0 {axes=[1]} : f32[3]
    %2 = max %0 {axes=[0,1]} : f32[]
    %3 = product %0 {axes=[1]} : f32[3]
    return %1, %2, %3
    """,
    """
    %0 = constant {value=array f32[] (2.0)} : f32[]
    %1 = broadcast %0 {shape=[3,4], axes=[]} : f32[3,4]
    %2 = constant {value=array f32[] (8.0)} : f32[]
    %3 = broadcast %2 {shape=[3], axes=[]} : f32[3]
    %4 = constant {value=array f32[] (2.0)} : f32[]
    %5 = product %1 {axes=[1]} : f32[3]
    return %3, %4, %5
    """),
  RuleCase(
    "a sum of nothing is 0",
    """
    %0 = constant {value=array f32[] (nan)} : f32[]
    %1 = broadcast %0 {shape=[0], axes=[]} : f32[0]
    %2 = sum %1 {axes=[0]} : f32[]
    return %2
    """,
    """
    %0 = constant {value=array f32[] (0.0)} : f32[]
    return %0
    """),
  RuleCase(
    "other operations on constants",
    """
    %0 = constant {value=array f32[2,2] (1.0 2.0 3.0 4.0)} : f32[2,2]
    %1 = transpose %0 {permutation=[1,0]} : f32[2,2]
    %2 = contract %0 %1 {lhsBatch=[], rhsBatch=[], lhs=[1], rhs=[0]} : f32[2,2]
    %3 = sum %2 {axes=[0]} : f32[2]
    return %3
    """,
    """
    %0 = constant {value=array f32[2] (16.0 36.0)} : f32[2]
    return %0
    """),
  RuleCase(
    "what would grow, and random numbers, stay",
    """
    %0 = constant {value=array f32[2] (1.0 2.0)} : f32[2]
    %1 = broadcast %0 {shape=[3,2], axes=[1]} : f32[3,2]
    %2 = constant {value=array i64[2] (1 2)} : i64[2]
    %3 = random %2 {draw="uniform", dtype=f32, shape=[2]} : f32[2]
    %4 = iota {shape=[2], axis=0, dtype=f32} : f32[2]
    return %1, %3, %4
    """),
]
