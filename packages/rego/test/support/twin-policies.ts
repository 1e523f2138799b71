import fc from 'fast-check';

/** Lines of bodies; `@` stands for a string, `#` for a number. */
const LINES = [
  'input.tool == @',
  '@ in input.identity.scopes',
  'input.amount <= #',
  'input.amount > #',
  'input.tool in {@, @}',
  'input.kind in [@, "fixed"]',
  'not input.blocked == @',
  'not helper(@)',
  'helper(@)',
  'startswith(input.path, @)',
  'some role in input.roles\n\trole == @',
  'input.roles[_] == @',
  'some i\n\tinput.roles[i] == @',
  'name := @\n\tinput.name == name',
  'input.name = @',
  'every role in input.roles { role != @ }',
  'count([x | some x in input.roles; x == @]) > #',
  'input.pair == {"kind": @, "level": #}',
  'data.roles[input.user].name == @',
  'kind := @\n\tdata.roles[kind].name == @',
  'kind := @\n\tdata.roles[input.user].name == kind',
  'kind := @\n\tdata.many[kind]',
  'input.names[@]',
  'input.limits[@] > #',
  'input.tool == @ with input.tool as @',
  'sprintf("%s-%d", [@, #]) == input.label',
  'lower(@) == input.tool',
  'regex.match(@, input.tool)',
  'glob.match(@, [":"], input.tool)',
  '# inside\n\tinput.amount > #',
  'input.amount == -#',
  'input.note == "say \\"hi\\""',
  'input.note == `raw`',
  'input.note == $"{input.tool}-x"',
  'input.note == "größer"',
  'print(@)',
  'true',
];

const HEADS = [
  'allow if',
  'allow := true if',
  'decision := {"allow": true, "reason": @} if',
  'reason := @ if',
  'names contains @ if',
  'names contains name if',
  'label(@) := # if',
  'label(x) := x if',
  'deep.er.rule if',
  'limits[@] := # if',
];

const STRINGS = ['"a"', '"b"', '"c"', '"tool"', '"longer text"', '"a.b/c"', '"#x$"', '"$literal0"'];
const ODD_STRINGS = ['"ü"', '"\\u0061"', '"x\\ny"'];
const NUMBERS = ['0', '1', '2', '10', '1000'];
const ODD_NUMBERS = ['1.0', '1e3', '123456789012345678'];

function filled(template: string, strings: readonly string[], numbers: readonly string[]): string {
  let [nextString, nextNumber] = [0, 0];
  return template.replace(/[@#]/g, (slot) =>
    slot === '@' ? strings[nextString++ % strings.length]! : numbers[nextNumber++ % numbers.length]!,
  );
}

const rule = fc
  .record({
    head: fc.constantFrom(...HEADS),
    lines: fc.array(fc.constantFrom(...LINES), { minLength: 1, maxLength: 3 }),
    form: fc.constantFrom('braces', 'one line', 'single', 'else'),
  })
  .map(({ head, lines, form }) => {
    const [first] = lines;
    const named = head.includes('name if')
      ? ['name := input.tool', ...lines.filter((line) => !line.startsWith('name'))]
      : lines;
    if (form === 'one line' && !lines.some((line) => line.startsWith('#')))
      return `${head} { ${named.join('; ').replaceAll('\n\t', '; ')} }`;
    if (form === 'single' && named.length === 1 && !first!.includes('\n')) return `${head} ${first}`;
    const body = `${head} {\n\t${named.join('\n\t')}\n}`;
    return form === 'else' && /^(allow|reason)/.test(head)
      ? `${body} else := false if input.other == @`
      : body;
  });

const mostly = (usual: readonly string[], odd: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 15, arbitrary: fc.constantFrom(...usual) },
    { weight: 1, arbitrary: fc.constantFrom(...odd) },
  );

const copy = fc.record({
  strings: fc.array(mostly(STRINGS, ODD_STRINGS), { minLength: 1, maxLength: 5 }),
  numbers: fc.array(mostly(NUMBERS, ODD_NUMBERS), { minLength: 1, maxLength: 3 }),
  before: mostly(
    ['\n', '\n\n', '\n# of a tool\n'],
    ['\n\n# METADATA\n# title: one\n', ' # behind\n', '\n\n\t'],
  ),
});

/** Policies in which many rules are nearly alike: some by their literals, others by what only looks like one. */
export const twinPolicies: fc.Arbitrary<string> = fc
  .array(fc.record({ rule, copies: fc.array(copy, { minLength: 3, maxLength: 9 }) }), {
    minLength: 1,
    maxLength: 3,
  })
  .chain((kinds) => {
    const rules = kinds.flatMap(({ rule: template, copies }) =>
      copies.map(({ strings, numbers, before }) => before + filled(template, strings, numbers)),
    );
    return fc.tuple(
      fc.constant(rules),
      fc.shuffledSubarray(rules, { minLength: rules.length }),
      fc.boolean(),
    );
  })
  .map(([inOrder, shuffled, isShuffled]) => {
    const rules = (isShuffled ? shuffled : inOrder).join('');
    return `package many\n\nimport data.roles\n\ndefault allow := false\n\nhelper(x) if x == input.tool\n${rules}\n`;
  });
