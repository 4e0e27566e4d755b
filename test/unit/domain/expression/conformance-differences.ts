/** Cases of the official suite that come out differently here, by the reason. Neither more nor fewer may differ. */
export const DIFFERENCES: Readonly<Record<string, readonly string[]>> = {
  'a name or function that does not exist is refused when the task is saved, also where && or || would hide it': [
    'basic/variables/unbound_is_runtime_error',
    'basic/functions/unbound_is_runtime_error',
    ...['as', 'break', 'const', 'continue', 'else', 'for', 'function', 'if', 'import', 'let', 'loop', 'package'].map(
      (name) => `parse/receiver_function_names/${name}`,
    ),
    ...['namespace', 'return', 'var', 'void', 'while'].map((name) => `parse/receiver_function_names/${name}`),
  ],
  'a condition that can never be true or false is refused when the task is saved, also where the other side decides': [
    'logic/AND/short_circuit_type_left',
    'logic/AND/short_circuit_type_right',
    'logic/OR/short_circuit_type_left',
    'logic/OR/short_circuit_type_right',
  ],
  'numbers of JSON do not tell 1 from 1.0: what takes a double takes whole numbers, and % takes both': [
    'fp_math/fp_math/mod_not_support',
    'math_ext/ceil/dyn_error',
    'math_ext/floor/dyn_error',
    'math_ext/round/dyn_error',
    'math_ext/trunc/dyn_error',
  ],
  'a variable is one name; JSON has no names with dots in them': [
    'fields/qualified_identifier_resolution/qualified_ident',
    'fields/qualified_identifier_resolution/map_field_select',
    'fields/qualified_identifier_resolution/qualified_identifier_resolution_unchecked',
    'fields/qualified_identifier_resolution/ident_with_longest_prefix_check',
    'namespace/qualified/self_eval_qualified_lookup',
  ],
  'names in backticks are not in the library; a["content-type"] is': [
    'fields/quoted_map_fields/field_access_slash',
    'fields/quoted_map_fields/field_access_dash',
    'fields/quoted_map_fields/field_access_dot',
    'fields/quoted_map_fields/has_field_slash',
    'fields/quoted_map_fields/has_field_dash',
    'fields/quoted_map_fields/has_field_dot',
  ],
};

/** Cases that JSON in and JSON out cannot express, with their number. */
export const LEFT_OUT: Readonly<Record<string, number>> = {
  'cel.bind, not in the library': 5,
  'cel.block, written by optimizers only': 37,
  'protobuf messages': 611,
  'variables of types that JSON lacks': 53,
  'loops with two variables, not in the library': 46,
  'bit operations, not offered': 35,
  'optional types, not in the library; coalesce() instead': 70,
  'types only, without a result': 25,
};

/** Cases of the suite as a whole, and those that are run. */
export const TOTAL = 2_344;
export const RUN = 1_462;
