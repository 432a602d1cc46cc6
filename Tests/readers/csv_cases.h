/* Tables and what pandas 3.1.1 reads of them, written by Tests/fixtures/csv_cases.py; in f64. */
typedef struct {
  const char *name, *text;
  int size, header, separator, decimal, missing, skipped_count;
  dsc_csv_column skipped[2];
  int category_count;
  dsc_csv_column categories[2];
  const char *refused; /* a part of the error, where there is to be one */
  int rows, columns, dropped;
  const char *names, *labels; /* with a | after each; of all categories */
  double values[32];
} csv_case;

static const csv_case csv_cases[] = {
    {"line feeds", "1,2\n3,4\n", 8, 0, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}}, NULL, 2, 2, 0, "", "",
        {1.0, 2.0, 3.0, 4.0}},
    {"no last line ending", "1,2\n3,4", 7, 0, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}}, NULL, 2, 2, 0, "", "",
        {1.0, 2.0, 3.0, 4.0}},
    {"carriage returns and line feeds", "1,2\r\n3,4\r\n", 10, 0, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}}, NULL, 2, 2,
        0, "", "", {1.0, 2.0, 3.0, 4.0}},
    {"carriage returns alone", "1,2\r3,4\r", 8, 0, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}}, NULL, 2, 2, 0, "", "",
        {1.0, 2.0, 3.0, 4.0}},
    {"carriage return before text without ending", "a,b\r1,2\r3,4", 11, 1, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}},
        NULL, 2, 2, 0, "a|b|", "", {1.0, 2.0, 3.0, 4.0}},
    {"three line endings mixed", "1,2\r3,4\n5,6\r\n7,8", 16, 0, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}}, NULL, 4, 2,
        0, "", "", {1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0}},
    {"carriage returns and quoted ones", "\"a\rb\",c\r1,2\r", 12, 1, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}}, NULL, 1,
        2, 0, "a\rb|c|", "", {1.0, 2.0}},
    {"quoted line endings of each kind", "\"a\r\nb\rc\nd\",e\n1,2\n", 17, 1, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}},
        NULL, 1, 2, 0, "a\r\nb\rc\nd|e|", "", {1.0, 2.0}},
    {"blank lines at the end", "1,2\n3,4\n\n\r\n\r", 12, 0, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}}, NULL, 2, 2, 0,
        "", "", {1.0, 2.0, 3.0, 4.0}},
    {"blank line between", "1,2\n\n3,4\n", 9, 0, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}},
        "line 2: a blank line between records", 0, 0, 0, "", "", {0}}, /* pandas: [[1.0, 2.0], [3.0, 4.0]] */
    {"blank line between by carriage returns", "1,2\r\r3,4\r", 9, 0, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}},
        "line 2: a blank line between records", 0, 0, 0, "", "", {0}}, /* pandas: [[1.0, 2.0], [3.0, 4.0]] */
    {"carriage return twice before a line feed", "1,2\r\r\n3,4\r\r\n", 12, 0, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}},
        "line 2: a blank line between records", 0, 0, 0, "", "", {0}}, /* pandas: [[1.0, 2.0], [3.0, 4.0]] */
    {"short row", "1,2\n3\n", 6, 0, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}}, "line 2: 1 column; expected 2", 0, 0, 0,
        "", "", {0}}, /* pandas: [[1.0, 2.0], [3.0, nan]] */
    {"long row", "1,2\n3,4,5\n", 10, 0, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}}, "line 2: 3 columns; expected 2", 0,
        0, 0, "", "", {0}}, /* pandas: [[1.0, 2.0], [3.0, 4.0]] */
    {"separator at the end", "1,2\n3,4,\n", 9, 0, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}},
        "line 2: 3 columns; expected 2", 0, 0, 0, "", "", {0}}, /* pandas: [[1.0, 2.0], [3.0, 4.0]] */
    {"byte order mark",
        "\xef"
        "\xbb"
        "\xbf"
        "a,b\n1,2\n",
        11, 1, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}}, NULL, 1, 2, 0, "a|b|", "", {1.0, 2.0}},
    {"one column", "1\n2\n3\n", 6, 0, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}}, NULL, 3, 1, 0, "", "",
        {1.0, 2.0, 3.0}},
    {"one number", "5", 1, 0, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}}, NULL, 1, 1, 0, "", "", {5.0}},
    {"header", "a,b\n1,2\n3,4\n", 12, 1, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}}, NULL, 2, 2, 0, "a|b|", "",
        {1.0, 2.0, 3.0, 4.0}},
    {"header detected", "a,b\n1,2\n3,4\n", 12, 2, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}}, NULL, 2, 2, 0, "a|b|", "",
        {1.0, 2.0, 3.0, 4.0}},
    {"no header detected", "1,2\n3,4\n", 8, 2, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}}, NULL, 2, 2, 0, "", "",
        {1.0, 2.0, 3.0, 4.0}},
    {"header of years", "2019,2020,2021\n1,2,3\n", 21, 1, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}}, NULL, 1, 3, 0,
        "2019|2020|2021|", "", {1.0, 2.0, 3.0}},
    {"header of years, undecided", "2019,2020,2021\n1,2,3\n", 21, 2, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}},
        "say header: .yes or header: .no", 0, 0, 0, "", "",
        {0}}, /* pandas: [[2019.0, 2020.0, 2021.0], [1.0, 2.0, 3.0]] */
    {"falling years, undecided", "2021,2020\n1,2\n", 14, 2, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}},
        "2021 to 2020 may be the names", 0, 0, 0, "", "", {0}}, /* pandas: [[2021.0, 2020.0], [1.0, 2.0]] */
    {"years as a row", "2019,2020,2021\n1,2,3\n", 21, 0, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}}, NULL, 2, 3, 0, "",
        "", {2019.0, 2020.0, 2021.0, 1.0, 2.0, 3.0}},
    {"years and a number", "2019,7\n1,2\n", 11, 2, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}}, NULL, 2, 2, 0, "", "",
        {2019.0, 7.0, 1.0, 2.0}},
    {"header of counts, undecided", "0,1,2,3,4,5,6,7\n1,2,3,4,5,6,7,8\n", 32, 2, 44, 46, 0, 0, {{NULL, 0}}, 0,
        {{NULL, 0}}, "0 to 7 may be the names", 0, 0, 0, "", "",
        {0}}, /* pandas: [[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], [1.0, 2.0, 3.0, 4.0 */
    {"header half numbers, undecided", "name,2019\n1,2\n", 14, 2, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}},
        "1 of 2 columns are numbers", 0, 0, 0, "", "", {0}}, /* pandas: [[1.0, 2.0]] */
    {"header half numbers", "name,2019\n1,2\n", 14, 1, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}}, NULL, 1, 2, 0,
        "name|2019|", "", {1.0, 2.0}},
    {"a column by name says that there is a header", "2019,2020,2021\n1,2,3\n", 21, 2, 44, 46, 0, 1, {{"2020", 0}}, 0,
        {{NULL, 0}}, NULL, 1, 2, 0, "2019|2021|", "", {1.0, 3.0}},
    {"empty name", ",b\n1,2\n", 7, 2, 44, 46, 0, 1, {{"", 0}}, 0, {{NULL, 0}}, NULL, 1, 1, 0, "b|", "", {2.0}},
    {"quoted header", "\"a \"\"x\"\"\",\"b,c\"\n1,2\n", 20, 1, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}}, NULL, 1, 2, 0,
        "a \"x\"|b,c|", "", {1.0, 2.0}},
    {"rows missing", "a,b\n", 4, 1, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}}, "no rows of numbers", 0, 0, 0, "", "",
        {0}}, /* pandas: ValueError */
    {"signs and exponents", "+1,-2,1e3,1E+3,-1.5e-3,.5,5.,-0,007\n", 36, 0, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}},
        NULL, 1, 9, 0, "", "", {1.0, -2.0, 1000.0, 1000.0, -0.0015, 0.5, 5.0, 0.0, 7.0}},
    {"infinities", "inf,-inf,Infinity,+inf,-INF\n", 28, 0, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}}, NULL, 1, 5, 0, "",
        "", {INFINITY, -INFINITY, INFINITY, INFINITY, -INFINITY}},
    {"nan", "nan,NaN,-nan,1\n", 15, 0, 44, 46, 1, 0, {{NULL, 0}}, 0, {{NULL, 0}}, NULL, 1, 4, 0, "", "",
        {NAN, NAN, NAN, 1.0}},
    {"nan, refused", "1,2\n3,nan\n", 10, 0, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}},
        "line 2, column 2: expected a number, found \"nan\"; the option \"missing\"", 0, 0, 0, "", "",
        {0}}, /* pandas: [[1.0, 2.0], [3.0, nan]] */
    {"digits without end", "0.1234567890123456789012345678901234567890,123456789012345678901234567890.5\n", 76, 0, 44,
        46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}}, NULL, 1, 2, 0, "", "", {0.12345678901234568, 1.2345678901234568e+29}},
    {"halfway between doubles", "9007199254740993,1.00000000000000011102230246251565\n", 52, 0, 44, 46, 0, 0,
        {{NULL, 0}}, 0, {{NULL, 0}}, NULL, 1, 2, 0, "", "", {9007199254740992.0, 1.0}},
    {"smallest", "4.9e-324,2e-324,1e-400\n", 23, 0, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}}, NULL, 1, 3, 0, "", "",
        {5e-324, 0.0, 0.0}},
    {"too large", "1e400,1\n", 8, 0, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}},
        "line 1, column 1: the number is beyond the range of f64", 0, 0, 0, "", "", {0}}, /* pandas: [[inf, 1.0]] */
    {"blanks around numbers", " 1 ,  2\n3  , 4 \n", 16, 0, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}}, NULL, 2, 2, 0, "",
        "", {1.0, 2.0, 3.0, 4.0}},
    {"quoted numbers", "\"1\",\"-2.5e1\"\n3,\"4\"\n", 19, 0, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}}, NULL, 2, 2, 0,
        "", "", {1.0, -25.0, 3.0, 4.0}},
    {"hexadecimal", "0x10,1\n", 7, 0, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}},
        "line 1, column 1: expected a number, found \"0x10\"", 0, 0, 0, "", "", {0}}, /* pandas: ValueError */
    {"digit separators", "1_000,1\n", 8, 0, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}}, "found \"1_000\"", 0, 0, 0, "",
        "", {0}}, /* pandas: ValueError */
    {"words for numbers", "true,1\n", 7, 0, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}}, "found \"true\"", 0, 0, 0, "",
        "", {0}}, /* pandas: [[1.0, 1.0]] */
    {"two numbers in a field", "1 2,3\n", 6, 0, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}}, "found \"1 2\"", 0, 0, 0, "",
        "", {0}}, /* pandas: ValueError */
    {"semicolons", "1;2\n3;4\n", 8, 0, 59, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}}, NULL, 2, 2, 0, "", "",
        {1.0, 2.0, 3.0, 4.0}},
    {"tabs", "1\t2\n3\t4\n", 8, 0, 9, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}}, NULL, 2, 2, 0, "", "",
        {1.0, 2.0, 3.0, 4.0}},
    {"bars", "1|2\n3|4\n", 8, 0, 124, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}}, NULL, 2, 2, 0, "", "",
        {1.0, 2.0, 3.0, 4.0}},
    {"decimal comma", "1,5;-2,25e1\n,5;5,\n", 18, 0, 59, 44, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}}, NULL, 2, 2, 0, "", "",
        {1.5, -22.5, 0.5, 5.0}},
    {"decimal comma, many digits", "0,1234567890123456789012345;1\n", 30, 0, 59, 44, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}},
        NULL, 1, 2, 0, "", "", {0.12345678901234568, 1.0}},
    {"decimal comma, quoted", "\"1,5\"\t2\n", 8, 0, 9, 44, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}}, NULL, 1, 2, 0, "", "",
        {1.5, 2.0}},
    {"point where commas are decimal", "1.5;2\n", 6, 0, 59, 44, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}}, "found \"1.5\"", 0,
        0, 0, "", "", {0}}, /* pandas: ValueError */
    {"thousands", "1.234,5;2\n", 10, 0, 59, 44, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}}, "found \"1.234,5\"", 0, 0, 0, "", "",
        {0}}, /* pandas: ValueError */
    {"wrong separator", "a;b\n1;2\n", 8, 1, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}}, "is the separator \";\"?", 0, 0,
        0, "", "", {0}}, /* pandas: ValueError */
    {"wrong separator, a tab", "a\tb\n1\t2\n", 8, 1, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}},
        "is the separator a tab?", 0, 0, 0, "", "", {0}}, /* pandas: ValueError */
    {"wrong decimal mark", "1,5;2\n", 6, 0, 59, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}}, "is the decimal mark \",\"?", 0,
        0, 0, "", "", {0}}, /* pandas: ValueError */
    {"empty, refused", "1,\n3,4\n", 7, 0, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}},
        "line 1, column 2: expected a number, found an empty field; the option \"missing\"", 0, 0, 0, "", "",
        {0}}, /* pandas: [[1.0, nan], [3.0, 4.0]] */
    {"NA, refused", "1,2\nNA,4\n", 9, 0, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}},
        "line 2, column 1: expected a number, found \"NA\"; the option \"missing\"", 0, 0, 0, "", "",
        {0}}, /* pandas: [[1.0, 2.0], [nan, 4.0]] */
    {"empty as NaN", "1,\n,4\n", 6, 0, 44, 46, 1, 0, {{NULL, 0}}, 0, {{NULL, 0}}, NULL, 2, 2, 0, "", "",
        {1.0, NAN, NAN, 4.0}},
    {"empty left out", "1,\n3,4\n,6\n7,8\n", 14, 0, 44, 46, 2, 0, {{NULL, 0}}, 0, {{NULL, 0}}, NULL, 2, 2, 2, "", "",
        {3.0, 4.0, 7.0, 8.0}},
    {"words as NaN",
        "1,NA\n2,N/A\n3,n/a\n4,NULL\n5,null\n6,None\n7,<NA>\n8,#N/A\n9,#NA\n10,#N/A "
        "N/A\n11,1.#IND\n12,-1.#QNAN\n13,nan\n14,-NaN\n",
        107, 0, 44, 46, 1, 0, {{NULL, 0}}, 0, {{NULL, 0}}, NULL, 14, 2, 0, "", "",
        {1.0, NAN, 2.0, NAN, 3.0, NAN, 4.0, NAN, 5.0, NAN, 6.0, NAN, 7.0, NAN, 8.0, NAN, 9.0, NAN, 10.0, NAN, 11.0, NAN,
            12.0, NAN, 13.0, NAN, 14.0, NAN}},
    {"words left out", "1,NA\n2,3\n4,nan\n5,6\n", 19, 0, 44, 46, 2, 0, {{NULL, 0}}, 0, {{NULL, 0}}, NULL, 2, 2, 2, "",
        "", {2.0, 3.0, 5.0, 6.0}},
    {"quoted empty", "1,\"\"\n2,3\n", 9, 0, 44, 46, 1, 0, {{NULL, 0}}, 0, {{NULL, 0}}, NULL, 2, 2, 0, "", "",
        {1.0, NAN, 2.0, 3.0}},
    {"all left out", "1,\n,2\n", 6, 0, 44, 46, 2, 0, {{NULL, 0}}, 0, {{NULL, 0}},
        "no rows of numbers but such with missing values", 0, 0, 0, "", "", {0}}, /* pandas: [] */
    {"text is not missing", "1,none\n", 7, 0, 44, 46, 1, 0, {{NULL, 0}}, 0, {{NULL, 0}}, "found \"none\"", 0, 0, 0, "",
        "", {0}}, /* pandas: ValueError */
    {"missing in the header's row", "a,\n1,2\n", 7, 2, 44, 46, 1, 0, {{NULL, 0}}, 0, {{NULL, 0}}, NULL, 1, 2, 0, "a||",
        "", {1.0, 2.0}},
    {"missing in the first row", "1,NA\n2,3\n", 9, 2, 44, 46, 1, 0, {{NULL, 0}}, 0, {{NULL, 0}}, NULL, 2, 2, 0, "", "",
        {1.0, NAN, 2.0, 3.0}},
    {"missing where a column is skipped", "1,NA,2\n3,4,5\n", 13, 0, 44, 46, 2, 1, {{NULL, 1}}, 0, {{NULL, 0}}, NULL, 2,
        2, 0, "", "", {1.0, 2.0, 3.0, 5.0}},
    {"skipped by name", "a,b,c\n1,x,2\n3,y,4\n", 18, 1, 44, 46, 0, 1, {{"b", 0}}, 0, {{NULL, 0}}, NULL, 2, 2, 0, "a|c|",
        "", {1.0, 2.0, 3.0, 4.0}},
    {"skipped by number", "1,x,2\n3,y,4\n", 12, 0, 44, 46, 0, 1, {{NULL, 1}}, 0, {{NULL, 0}}, NULL, 2, 2, 0, "", "",
        {1.0, 2.0, 3.0, 4.0}},
    {"skipped from the end", "1,2,x\n3,4,y\n", 12, 0, 44, 46, 0, 1, {{NULL, -1}}, 0, {{NULL, 0}}, NULL, 2, 2, 0, "", "",
        {1.0, 2.0, 3.0, 4.0}},
    {"skipped with all that text has", "\"a\n\"\"b\"\"\",1\n,2\n\"x,y\",3\n", 23, 0, 44, 46, 0, 1, {{NULL, 0}}, 0,
        {{NULL, 0}}, NULL, 3, 1, 0, "", "", {1.0, 2.0, 3.0}},
    {"categories by name", "a,c\n1,red\n2,green\n3,red\n4,blue\n", 31, 1, 44, 46, 0, 0, {{NULL, 0}}, 1, {{"c", 0}},
        NULL, 4, 2, 0, "a|c|", "blue|green|red|", {1.0, 2.0, 2.0, 1.0, 3.0, 2.0, 4.0, 0.0}},
    {"categories by number", "1,b,x\n2,a,y\n3,b,x\n", 18, 0, 44, 46, 0, 0, {{NULL, 0}}, 2, {{NULL, 1}, {NULL, 2}}, NULL,
        3, 3, 0, "", "a|b|x|y|", {1.0, 1.0, 0.0, 2.0, 0.0, 1.0, 3.0, 1.0, 0.0}},
    {"categories detected without header", "1,b\n2,a\n", 8, 2, 44, 46, 0, 0, {{NULL, 0}}, 1, {{NULL, 1}}, NULL, 2, 2, 0,
        "", "a|b|", {1.0, 1.0, 2.0, 0.0}},
    {"categories of numbers sort as text", "1,10\n2,9\n3,10\n4,1\n", 18, 0, 44, 46, 0, 0, {{NULL, 0}}, 1, {{NULL, 1}},
        NULL, 4, 2, 0, "", "1|10|9|", {1.0, 1.0, 2.0, 2.0, 3.0, 1.0, 4.0, 0.0}},
    {"categories keep blanks and quotes", "1, a\n2,\"a\"\n3,a \n4,\"a,b\"\n5,\"a\"\n", 30, 0, 44, 46, 0, 0, {{NULL, 0}},
        1, {{NULL, 1}}, NULL, 5, 2, 0, "", " a|a|a |a,b|", {1.0, 0.0, 2.0, 1.0, 3.0, 2.0, 4.0, 3.0, 5.0, 1.0}},
    {"categories beyond ASCII",
        "1,Z\xc3"
        "\xbc"
        "rich\n2,\xc3"
        "\x84"
        "hre\n3,Zug\n4,\xc3"
        "\xa4"
        "hre\n5,\xe6"
        "\x97"
        "\xa5"
        "\xe6"
        "\x9c"
        "\xac"
        "\n6,\xf0"
        "\x9f"
        "\x99"
        "\x82"
        "\n",
        48, 0, 44, 46, 0, 0, {{NULL, 0}}, 1, {{NULL, 1}}, NULL, 6, 2, 0, "",
        "Zug|Z\xc3"
        "\xbc"
        "rich|\xc3"
        "\x84"
        "hre|\xc3"
        "\xa4"
        "hre|\xe6"
        "\x97"
        "\xa5"
        "\xe6"
        "\x9c"
        "\xac"
        "|\xf0"
        "\x9f"
        "\x99"
        "\x82"
        "|",
        {1.0, 1.0, 2.0, 2.0, 3.0, 0.0, 4.0, 3.0, 5.0, 4.0, 6.0, 5.0}},
    {"categories with NaN", "1,b\n2,\n3,a\n4,NA\n", 16, 0, 44, 46, 1, 0, {{NULL, 0}}, 1, {{NULL, 1}}, NULL, 4, 2, 0, "",
        "a|b|", {1.0, 1.0, 2.0, NAN, 3.0, 0.0, 4.0, NAN}},
    {"categories with rows left out", "1,b\n2,\n,c\n4,a\n", 14, 0, 44, 46, 2, 0, {{NULL, 0}}, 1, {{NULL, 1}}, NULL, 2,
        2, 2, "", "a|b|", {1.0, 1.0, 4.0, 0.0}},
    {"text without a role", "1,red\n", 6, 0, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}},
        "expected a number, found \"red\"; a column of texts can be skipped", 0, 0, 0, "", "",
        {0}}, /* pandas: ValueError */
    {"quote inside", "1,2\"3\n", 6, 0, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}}, "a quote inside an unquoted field", 0,
        0, 0, "", "", {0}}, /* pandas: ValueError */
    {"text after a quote", "\"1\"2,3\n", 7, 0, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}},
        "text follows the closing quote", 0, 0, 0, "", "", {0}}, /* pandas: [[12.0, 3.0]] */
    {"quote left open", "1,\"2\n3,4\n", 9, 0, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}},
        "line 1, column 2: the quote that opens here is never closed", 0, 0, 0, "", "", {0}}, /* pandas: ParserError */
    {"zero byte",
        "1,2\x00"
        "\n",
        5, 0, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}}, "found \"2\\x00\"", 0, 0, 0, "", "",
        {0}}, /* pandas: ValueError */
    {"UTF-16",
        "\xff"
        "\xfe"
        "1\x00"
        ",\x00"
        "2\x00"
        "\n\x00"
        "",
        10, 0, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}}, "begins as UTF-16 does", 0, 0, 0, "", "",
        {0}}, /* pandas: UnicodeDecodeError */
    {"Latin 1 in a skipped column",
        "1,2\nM\xe4"
        "rz,4\n",
        11, 0, 44, 46, 0, 1, {{NULL, 0}}, 0, {{NULL, 0}}, NULL, 2, 1, 0, "", "", {2.0, 4.0}},
    {"Latin 1 in a category",
        "1,M\xe4"
        "rz\n",
        7, 0, 44, 46, 0, 0, {{NULL, 0}}, 1, {{NULL, 1}}, "is not UTF-8 without zero bytes", 0, 0, 0, "", "",
        {0}}, /* pandas: [[1.0, 0.0]] */
    {"empty file", "", 0, 0, 44, 46, 0, 0, {{NULL, 0}}, 0, {{NULL, 0}}, "the file is empty", 0, 0, 0, "", "",
        {0}}, /* pandas: EmptyDataError */
};
