// Rules of sums of fields of zeros: what they make of the smallest graph that shows it. RulesViews.swift has neighbours.

let fieldsCases: [RuleCase] = [
  RuleCase(
    "a sum of fields with a gap between, given in either order",
    """
    %0 = input f32[2,2]
    %1 = input f32[2,3]
    %2 = constant {value=array f32[] (0.0)} : f32[]
    %3 = pad %0 %2 {low=[0,0], high=[0,7], interior=[0,0]} : f32[2,9]
    %4 = pad %1 %2 {low=[0,5], high=[0,1], interior=[0,0]} : f32[2,9]
    %5 = add %3 %4 : f32[2,9]
    %6 = add %4 %3 : f32[2,9]
    return %5, %6
    """,
    """
    %0 = input f32[2,2]
    %1 = input f32[2,3]
    %2 = constant {value=array f32[] (0.0)} : f32[]
    %3 = constant {value=array f32[] (0.0)} : f32[]
    %4 = broadcast %3 {shape=[2,3], axes=[]} : f32[2,3]
    %5 = concatenate %0 %4 %1 {axis=1} : f32[2,8]
    %6 = pad %5 %2 {low=[0,0], high=[0,1], interior=[0,0]} : f32[2,9]
    %7 = constant {value=array f32[] (0.0)} : f32[]
    %8 = constant {value=array f32[] (0.0)} : f32[]
    %9 = broadcast %8 {shape=[2,3], axes=[]} : f32[2,3]
    %10 = concatenate %0 %9 %1 {axis=1} : f32[2,8]
    %11 = pad %10 %7 {low=[0,0], high=[0,1], interior=[0,0]} : f32[2,9]
    return %6, %11
    """),
  RuleCase(
    "a sum of three fields, the middle one last",
    """
    %0 = input f32[2]
    %1 = input f32[3]
    %2 = input f32[1]
    %3 = constant {value=array f32[] (0.0)} : f32[]
    %4 = pad %0 %3 {low=[0], high=[6], interior=[0]} : f32[8]
    %5 = pad %1 %3 {low=[5], high=[0], interior=[0]} : f32[8]
    %6 = pad %2 %3 {low=[3], high=[4], interior=[0]} : f32[8]
    %7 = add %4 %5 : f32[8]
    %8 = add %7 %6 : f32[8]
    return %8
    """,
    """
    %0 = input f32[2]
    %1 = input f32[3]
    %2 = input f32[1]
    %3 = constant {value=array f32[] (0.0)} : f32[]
    %4 = broadcast %3 {shape=[1], axes=[]} : f32[1]
    %5 = constant {value=array f32[] (0.0)} : f32[]
    %6 = broadcast %5 {shape=[1], axes=[]} : f32[1]
    %7 = concatenate %0 %4 %2 %6 %1 {axis=0} : f32[8]
    return %7
    """),
  RuleCase(
    "a sum of four fields, pair by pair",
    """
    %0 = input f32[2,2]
    %1 = constant {value=array f32[] (0.0)} : f32[]
    %2 = pad %0 %1 {low=[0,0], high=[7,0], interior=[0,0]} : f32[9,2]
    %3 = pad %0 %1 {low=[2,0], high=[5,0], interior=[0,0]} : f32[9,2]
    %4 = pad %0 %1 {low=[4,0], high=[3,0], interior=[0,0]} : f32[9,2]
    %5 = pad %0 %1 {low=[6,0], high=[1,0], interior=[0,0]} : f32[9,2]
    %6 = add %2 %4 : f32[9,2]
    %7 = add %3 %5 : f32[9,2]
    %8 = add %6 %7 : f32[9,2]
    return %8
    """,
    """
    %0 = input f32[2,2]
    %1 = constant {value=array f32[] (0.0)} : f32[]
    %2 = concatenate %0 %0 %0 %0 {axis=0} : f32[8,2]
    %3 = pad %2 %1 {low=[0,0], high=[1,0], interior=[0,0]} : f32[9,2]
    return %3
    """),
  RuleCase(
    "a field put into the gap of a concatenation",
    """
    %0 = input f32[2]
    %1 = input f32[3]
    %2 = constant {value=array f32[] (0.0)} : f32[]
    %3 = broadcast %2 {shape=[3], axes=[]} : f32[3]
    %4 = concatenate %0 %3 %0 {axis=0} : f32[7]
    %5 = pad %1 %2 {low=[2], high=[2], interior=[0]} : f32[7]
    %6 = add %4 %5 : f32[7]
    return %6
    """,
    """
    %0 = input f32[2]
    %1 = input f32[3]
    %2 = concatenate %0 %1 %0 {axis=0} : f32[7]
    return %2
    """),
  RuleCase(
    "fields that overlap stay",
    """
    %0 = input f32[3]
    %1 = input f32[2]
    %2 = constant {value=array f32[] (0.0)} : f32[]
    %3 = pad %0 %2 {low=[0], high=[4], interior=[0]} : f32[7]
    %4 = pad %1 %2 {low=[2], high=[3], interior=[0]} : f32[7]
    %5 = add %3 %4 : f32[7]
    return %5
    """),
  RuleCase(
    "a third field that overlaps stays",
    """
    %0 = input f32[2]
    %1 = constant {value=array f32[] (0.0)} : f32[]
    %2 = pad %0 %1 {low=[0], high=[4], interior=[0]} : f32[6]
    %3 = pad %0 %1 {low=[4], high=[0], interior=[0]} : f32[6]
    %4 = add %2 %3 : f32[6]
    %5 = pad %0 %1 {low=[3], high=[1], interior=[0]} : f32[6]
    %6 = add %4 %5 : f32[6]
    return %6
    """,
    """
    %0 = input f32[2]
    %1 = constant {value=array f32[] (0.0)} : f32[]
    %2 = constant {value=array f32[] (0.0)} : f32[]
    %3 = broadcast %2 {shape=[2], axes=[]} : f32[2]
    %4 = concatenate %0 %3 %0 {axis=0} : f32[6]
    %5 = pad %0 %1 {low=[3], high=[1], interior=[0]} : f32[6]
    %6 = add %4 %5 : f32[6]
    return %6
    """),
  RuleCase(
    "fields along two axes, of ones, or with zeros between stay",
    """
    %0 = input f32[2,2]
    %1 = constant {value=array f32[] (0.0)} : f32[]
    %2 = constant {value=array f32[] (1.0)} : f32[]
    %3 = pad %0 %1 {low=[0,0], high=[2,2], interior=[0,0]} : f32[4,4]
    %4 = pad %0 %1 {low=[2,2], high=[0,0], interior=[0,0]} : f32[4,4]
    %5 = add %3 %4 : f32[4,4]
    %6 = pad %0 %2 {low=[0,2], high=[0,0], interior=[0,0]} : f32[2,4]
    %7 = pad %0 %1 {low=[0,0], high=[0,2], interior=[0,0]} : f32[2,4]
    %8 = add %6 %7 : f32[2,4]
    %9 = pad %0 %1 {low=[0,1], high=[0,0], interior=[0,1]} : f32[2,4]
    %10 = add %9 %7 : f32[2,4]
    return %5, %8, %10
    """),
]
