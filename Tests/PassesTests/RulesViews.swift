// Rules of transposes, reshapes, slices, reverses and pads: what each makes of the smallest graph that shows it.

let viewsCases: [RuleCase] = [
  RuleCase(
    "transposes",
    """
    %0 = input f32[2,3,4]
    %1 = transpose %0 {permutation=[1,2,0]} : f32[3,4,2]
    %2 = transpose %1 {permutation=[1,0,2]} : f32[4,3,2]
    %3 = transpose %1 {permutation=[2,0,1]} : f32[2,3,4]
    return %2, %3
    """,
    """
    %0 = input f32[2,3,4]
    %1 = transpose %0 {permutation=[2,1,0]} : f32[4,3,2]
    return %1, %0
    """),
  RuleCase(
    "a transpose of axes of size 1 is a reshape",
    """
    %0 = input f32[2,1,4]
    %1 = transpose %0 {permutation=[1,0,2]} : f32[1,2,4]
    return %1
    """,
    """
    %0 = input f32[2,1,4]
    %1 = reshape %0 {shape=[1,2,4]} : f32[1,2,4]
    return %1
    """),
  RuleCase(
    "reshapes",
    """
    %0 = input f32[2,3]
    %1 = reshape %0 {shape=[6]} : f32[6]
    %2 = reshape %1 {shape=[3,2]} : f32[3,2]
    %3 = reshape %2 {shape=[2,3]} : f32[2,3]
    return %2, %3
    """,
    """
    %0 = input f32[2,3]
    %1 = reshape %0 {shape=[3,2]} : f32[3,2]
    return %1, %0
    """),
  RuleCase(
    "slices",
    """
    %0 = input f32[9]
    %1 = slice %0 {start=[0], limit=[9], step=[1]} : f32[9]
    %2 = slice %1 {start=[1], limit=[9], step=[2]} : f32[4]
    %3 = slice %2 {start=[1], limit=[4], step=[2]} : f32[2]
    return %3
    """,
    """
    %0 = input f32[9]
    %1 = slice %0 {start=[3], limit=[8], step=[4]} : f32[2]
    return %1
    """),
  RuleCase(
    "a slice of a pad",
    """
    %0 = input f32[3]
    %1 = constant {value=array f32[] (0.0)} : f32[]
    %2 = pad %0 %1 {low=[2], high=[1], interior=[1]} : f32[8]
    %3 = slice %2 {start=[2], limit=[7], step=[2]} : f32[3]
    %4 = slice %2 {start=[1], limit=[6], step=[2]} : f32[3]
    %5 = slice %2 {start=[4], limit=[7], step=[2]} : f32[2]
    return %3, %4, %5
    """,
    """
    %0 = input f32[3]
    %1 = constant {value=array f32[] (0.0)} : f32[]
    %2 = pad %0 %1 {low=[2], high=[1], interior=[1]} : f32[8]
    %3 = slice %2 {start=[1], limit=[6], step=[2]} : f32[3]
    %4 = slice %0 {start=[1], limit=[3], step=[1]} : f32[2]
    return %0, %3, %4
    """),
  RuleCase(
    "a slice of a pad with some of the padding",
    """
    %0 = input f32[3,4]
    %1 = constant {value=array f32[] (0.0)} : f32[]
    %2 = pad %0 %1 {low=[2,0], high=[2,0], interior=[0,0]} : f32[7,4]
    %3 = slice %2 {start=[1,0], limit=[4,4], step=[1,3]} : f32[3,2]
    return %3
    """,
    """
    %0 = input f32[3,4]
    %1 = constant {value=array f32[] (0.0)} : f32[]
    %2 = slice %0 {start=[0,0], limit=[2,4], step=[1,3]} : f32[2,2]
    %3 = pad %2 %1 {low=[1,0], high=[0,0], interior=[0,0]} : f32[3,2]
    return %3
    """),
  RuleCase(
    "a slice of windows and of a transpose",
    """
    %0 = input f32[9,2]
    %1 = windows %0 {axes=[0], sizes=[3], strides=[2], dilations=[1]} : f32[4,3,2]
    %2 = transpose %1 {permutation=[2,1,0]} : f32[2,3,4]
    %3 = slice %2 {start=[0,0,1], limit=[2,3,4], step=[1,1,2]} : f32[2,3,2]
    return %3
    """,
    """
    %0 = input f32[9,2]
    %1 = slice %0 {start=[2,0], limit=[9,2], step=[1,1]} : f32[7,2]
    %2 = windows %1 {axes=[0], sizes=[3], strides=[4], dilations=[1]} : f32[2,3,2]
    %3 = transpose %2 {permutation=[2,1,0]} : f32[2,3,2]
    return %3
    """),
  RuleCase(
    "a slice of a product",
    """
    %0 = input f32[5,3,4]
    %1 = input f32[5,4,6]
    %2 = contract %0 %1 {lhsBatch=[0], rhsBatch=[0], lhs=[2], rhs=[1]} : f32[5,3,6]
    %3 = slice %2 {start=[1,0,2], limit=[5,2,6], step=[1,1,3]} : f32[4,2,2]
    return %3
    """,
    """
    %0 = input f32[5,3,4]
    %1 = input f32[5,4,6]
    %2 = slice %0 {start=[1,0,0], limit=[5,2,4], step=[1,1,1]} : f32[4,2,4]
    %3 = slice %1 {start=[1,0,2], limit=[5,4,6], step=[1,1,3]} : f32[4,4,2]
    %4 = contract %2 %3 {lhsBatch=[0], rhsBatch=[0], lhs=[2], rhs=[1]} : f32[4,2,2]
    return %4
    """),
  RuleCase(
    "reverses",
    """
    %0 = input f32[3,1,2]
    %1 = reverse %0 {axes=[0,1]} : f32[3,1,2]
    %2 = reverse %1 {axes=[0,2]} : f32[3,1,2]
    %3 = reverse %2 {axes=[2]} : f32[3,1,2]
    return %2, %3
    """,
    """
    %0 = input f32[3,1,2]
    %1 = reverse %0 {axes=[2]} : f32[3,1,2]
    return %1, %0
    """),
  RuleCase(
    "a pad by nothing, a concatenation of one",
    """
    %0 = input f32[3]
    %1 = input f32[0]
    %2 = constant {value=array f32[] (0.0)} : f32[]
    %3 = pad %0 %2 {low=[0], high=[0], interior=[1]} : f32[5]
    %4 = pad %0 %2 {low=[0], high=[0], interior=[0]} : f32[3]
    %5 = concatenate %1 %4 {axis=0} : f32[3]
    return %3, %5
    """,
    """
    %0 = input f32[3]
    %1 = input f32[0]
    %2 = constant {value=array f32[] (0.0)} : f32[]
    %3 = pad %0 %2 {low=[0], high=[0], interior=[1]} : f32[5]
    return %3, %0
    """),
  RuleCase(
    "concatenations",
    """
    %0 = input f32[2,1]
    %1 = input f32[2,2]
    %2 = concatenate %0 %1 {axis=1} : f32[2,3]
    %3 = concatenate %2 %0 {axis=1} : f32[2,4]
    %4 = concatenate %2 %2 {axis=0} : f32[4,3]
    return %3, %4
    """,
    """
    %0 = input f32[2,1]
    %1 = input f32[2,2]
    %2 = concatenate %0 %1 {axis=1} : f32[2,3]
    %3 = concatenate %0 %1 %0 {axis=1} : f32[2,4]
    %4 = concatenate %2 %2 {axis=0} : f32[4,3]
    return %3, %4
    """),
  RuleCase(
    "a sum of neighbours",
    """
    %0 = input f32[2,1]
    %1 = input f32[2,2]
    %2 = input f32[2,3]
    %3 = constant {value=array f32[] (0.0)} : f32[]
    %4 = pad %2 %3 {low=[0,3], high=[0,0], interior=[0,0]} : f32[2,6]
    %5 = pad %1 %3 {low=[0,1], high=[0,3], interior=[0,0]} : f32[2,6]
    %6 = pad %0 %3 {low=[0,0], high=[0,5], interior=[0,0]} : f32[2,6]
    %7 = add %4 %5 : f32[2,6]
    %8 = add %7 %6 : f32[2,6]
    return %8
    """,
    """
    %0 = input f32[2,1]
    %1 = input f32[2,2]
    %2 = input f32[2,3]
    %3 = concatenate %0 %1 %2 {axis=1} : f32[2,6]
    return %3
    """),
  RuleCase(
    "a sum of neighbours within a field",
    """
    %0 = input f32[1]
    %1 = input f32[2]
    %2 = constant {value=array f32[] (0.0)} : f32[]
    %3 = pad %0 %2 {low=[1], high=[4], interior=[0]} : f32[6]
    %4 = pad %1 %2 {low=[2], high=[2], interior=[0]} : f32[6]
    %5 = add %3 %4 : f32[6]
    return %5
    """,
    """
    %0 = input f32[1]
    %1 = input f32[2]
    %2 = constant {value=array f32[] (0.0)} : f32[]
    %3 = concatenate %0 %1 {axis=0} : f32[3]
    %4 = pad %3 %2 {low=[1], high=[2], interior=[0]} : f32[6]
    return %4
    """),
  RuleCase(
    "sums of fields that are no neighbours",
    """
    %0 = input f32[2,2]
    %1 = constant {value=array f32[] (0.0)} : f32[]
    %2 = constant {value=array f32[] (1.0)} : f32[]
    %3 = pad %0 %1 {low=[0,0], high=[0,2], interior=[0,0]} : f32[2,4]
    %4 = pad %0 %1 {low=[0,1], high=[0,1], interior=[0,0]} : f32[2,4]
    %5 = pad %0 %2 {low=[0,2], high=[0,0], interior=[0,0]} : f32[2,4]
    %6 = pad %0 %1 {low=[0,1], high=[0,0], interior=[0,1]} : f32[2,4]
    %7 = add %3 %4 : f32[2,4]
    %8 = add %3 %5 : f32[2,4]
    %9 = add %3 %6 : f32[2,4]
    return %7, %8, %9
    """),
]
