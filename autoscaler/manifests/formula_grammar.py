"""The grammar of formulas, LALR: text to lark's tree. Operators stand in flat rows; ``formula_tree`` ranks them.

Source: expr-lang parser/lexer and parser.go.
"""

GRAMMAR = r"""
start: sequence | sequence ";"
sequence: expression | sequence ";" expression
?expression: let | if_ | conditional
let: LET NAME "=" expression ";" sequence
if_: IF expression "{" sequence "}" ELSE otherwise
otherwise: if_ | "{" sequence "}"
?conditional: row
    | row "?" expression ":" expression -> condition
    | row "?" ":" expression -> elvis
row: operand link*
link: operator operand | NOT NEGATABLE operand -> negated | PIPE NAME arguments -> pipe
!operator: MINUS | PLUS | OPERATOR | WORD_OPERATOR | NEGATABLE
operand: PREFIX_BANG operand | NOT operand | MINUS operand | PLUS operand | primary
primary: atom tail*
tail: "." property -> member
    | QUESTION_DOT property -> optional_member
    | "." property arguments -> method
    | QUESTION_DOT property arguments -> optional_method
    | "[" expression "]" -> index
    | QUESTION_DOT "[" expression "]" -> optional_index
    | "[" ":" "]" -> slice_all
    | "[" ":" expression "]" -> slice_to
    | "[" expression ":" "]" -> slice_from
    | "[" expression ":" expression "]" -> slice_both
!property: NAME | NOT | LET | IF | ELSE | NEGATABLE | WORD_OPERATOR
atom: NUMBER -> number
    | STRING -> string
    | RAW -> raw
    | NAME -> name
    | NAME arguments -> call
    | "::" NAME arguments -> builtin_call
    | "(" sequence ")" -> group
    | "[" _items? "]" -> list
    | map -> map_atom
    | HASH -> element
    | HASH NAME -> pointer
    | "." property -> element_member
_items: expression ("," expression)* ","?
map: "{" "}" | "{" pair ("," pair)* ","? "}"
pair: key ":" expression
key: NUMBER | STRING | RAW | NAME | "(" sequence ")"
arguments: "(" ")" | "(" _argument ("," _argument)* ","? ")"
_argument: expression | predicate
predicate: "{" sequence "}"

PREFIX_BANG: "!"
MINUS: "-"
PLUS: "+"
PIPE: "|"
HASH: "#"
QUESTION_DOT.3: "?."
LET.4: /let(?![\w$])/
IF.4: /if(?![\w$])/
ELSE.4: /else(?![\w$])/
NOT.4: /not(?![\w$])/
NEGATABLE.4: /(?:in|matches|contains|startsWith|endsWith)(?![\w$])/
WORD_OPERATOR.4: /(?:and|or)(?![\w$])/
OPERATOR.3: /\?\?|\|\||&&|==|!=|<=|>=|<|>|\.\.|\*\*|\*|\/|%|\^/
NUMBER.5: /(?:0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|[0-9][0-9_]*(?:\.(?!\.)[0-9_]*)?(?:[eE][+-]?[0-9_]*)?|\.[0-9][0-9_]*(?:[eE][+-]?[0-9_]*)?)(?![\w$])/
STRING: /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/
RAW: /`(?:[^`]|``)*`/
NAME: /(?![0-9])[\w$]+/
COMMENT.9: /\/\/[^\n]*|\/\*(?:[^*]|\*(?!\/))*\*\//
BLANKS: /\s+/
%ignore COMMENT
%ignore BLANKS
"""  # noqa: E501 - a terminal is one line
