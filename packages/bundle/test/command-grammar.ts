// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are lines for a shell

import fc from 'fast-check';

/** Lines for a shell, from plain ones to such as try to hide what they run. Paths are relative and harmless. */

const ARGUMENTS = ['a', 'b.c', './a', '../work/a', 'sub/c.c', '-rf', '--', '-', '--file=a', 'x y'];
const PROGRAMS = ['rm', 'cat', 'touch', 'ls', 'grep', 'git', 'curl', 'wc', 'no', './run.sh', 'sub/../run.sh'];

const from = (...texts: string[]): fc.Arbitrary<string> => fc.constantFrom(...texts);

/** One text in one of the ways in which a shell lets it be written. */
function quoted(text: string): fc.Arbitrary<string> {
  const half = Math.ceil(text.length / 2);
  return from(
    `'${text}'`,
    `"${text}"`,
    `\\${text.replaceAll(' ', '\\ ')}`,
    `${text.slice(0, half).replaceAll(' ', '\\ ')}''"${text.slice(half)}"`,
    `$'${[...text].map((character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`).join('')}'`,
    text.slice(0, 1) + (text.length > 1 ? `\\\n${text.slice(1).replaceAll(' ', '\\ ')}` : ''),
  );
}

const written = (texts: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof(
    { arbitrary: from(...texts.filter((text) => !text.includes(' '))), weight: 3 },
    { arbitrary: from(...texts).chain(quoted), weight: 1 },
  );

const strange = from(
  ...[
    '$X',
    '"$X"',
    '${X:-a}',
    '"${X:-rm a}"',
    '*',
    '*.c',
    '{a,b.c}',
    '{1..3}',
    '~',
    '~/.ssh/id',
    '"$HOME"/a',
    '$HOME',
  ],
  ...[
    '$((1+2))',
    '$((X))',
    '$#',
    '"$@"',
    '$0',
    '$?',
    '#a',
    'a#b',
    '!',
    '[ab]',
    '${X#a}',
    '${X/a/b}',
    '${#X}',
    '${X:1:2}',
  ],
);

const { line } = fc.letrec<{ line: string; simple: string; word: string }>((tie) => ({
  word: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'line', withCrossShrink: true },
    { arbitrary: written(ARGUMENTS), weight: 8 },
    { arbitrary: strange, weight: 2 },
    { arbitrary: tie('line').map((inner) => `$(${inner})`), weight: 1 },
    { arbitrary: tie('line').map((inner) => `"$(${inner})"`), weight: 1 },
    { arbitrary: tie('simple').map((inner) => `\`${inner.replaceAll(/[\\`$]/g, '\\$&')}\``), weight: 1 },
    { arbitrary: tie('simple').map((inner) => `<(${inner})`), weight: 1 },
    { arbitrary: tie('simple').map((inner) => `\${X:-$(${inner})}`), weight: 1 },
  ),
  simple: fc
    .record({
      assign: fc.option(from('X=1', 'X=a Y=b', 'X="$(rm a)"', 'PATH=sub', 'X=(1 2)'), { freq: 8 }),
      before: fc.option(
        from(
          ...[
            'command',
            'exec',
            'env',
            'env Y=1',
            'nice -n 1',
            'timeout 5',
            'nohup',
            'xargs',
            'xargs -n 1',
            'time',
          ],
          ...[
            '!',
            'builtin',
            'eval',
            'sudo',
            'setsid',
            'stdbuf -oL',
            'time -p',
            'env --',
            'timeout -k 1 5',
            'xargs -0',
          ],
        ),
        { freq: 3 },
      ),
      program: fc.oneof(
        { arbitrary: written(PROGRAMS), weight: 8 },
        {
          arbitrary: from('$X', 'r{m,}', 'r?', '"$(echo rm)"', 'test', 'cd', 'read', 'export', 'set', ':'),
          weight: 1,
        },
      ),
      words: fc.array(tie('word'), { maxLength: 3 }),
      redirects: fc.array(
        from(
          '> out',
          '>> out',
          '2>&1',
          '< a',
          '2> err',
          '&> out',
          '>| out',
          '<> a',
          '<<< "$(rm a)"',
          '1>&2',
          '>&out',
          '> $X',
        ),
        { maxLength: 1 },
      ),
    })
    .map(({ assign, before, program, words, redirects }) =>
      [assign ?? '', before ?? '', program, ...words, ...redirects].filter((each) => each !== '').join(' '),
    ),
  line: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'line', withCrossShrink: true },
    { arbitrary: tie('simple'), weight: 8 },
    {
      arbitrary: fc
        .tuple(
          tie('line'),
          from(' | ', ' && ', ' || ', '; ', ' & ', '\n', ' |& ', ';', '&', '|', '\\\n'),
          tie('line'),
        )
        .map((parts) => parts.join('')),
      weight: 4,
    },
    ...compound(tie('line')).map((arbitrary) => ({ arbitrary, weight: 1 })),
  ),
}));

function compound(inner: fc.Arbitrary<string>): readonly fc.Arbitrary<string>[] {
  const one = (wrap: (text: string) => string) => inner.map(wrap);
  const singleQuoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
  return [
    one((text) => `(${text})`),
    one((text) => `{ ${text}\n}`),
    one((text) => `if ${text}\nthen rm a; else touch b.c; fi`),
    one((text) => `if no; then ls; elif ${text}\nthen wc a; fi`),
    one((text) => `for x in a $X; do ${text}\ndone`),
    one((text) => `while no; do ${text}\ndone`),
    one((text) => `until ls; do ${text}\ndone`),
    one((text) => `case a in [ab]) ${text}\n;; *) rm b.c;; esac`),
    one((text) => `cd sub && ${text}`),
    one((text) => `cd sub; cd ..; ${text}`),
    one((text) => `(cd sub/deep; ls); ${text}`),
    one((text) => `sh -c ${singleQuoted(text)}`),
    one((text) => `bash -euc ${singleQuoted(text)} a b`),
    one((text) => `env X=1 bash -c ${singleQuoted(text)}`),
    one((text) => `cat <<E\n${text}\n$(rm a)\nE`),
    one((text) => `cat <<'E' | wc\n${text}\n$(rm a)\nE`),
    one((text) => `cat <<-E >out\n\t${text}\n\tE\nls`),
    one((text) => `f() { ${text}\n}; f`),
    one((text) => `eval ${singleQuoted(text)}`),
    one((text) => `trap ${singleQuoted(text)} EXIT`),
    one((text) => `find sub -name "*.c" -exec ${text} {} +`),
    one((text) => `find . -exec ${text} ';'`),
    one((text) => `[[ a == "$(${text})" ]]`),
    one((text) => `[ "$(${text})" = a ] && ls`),
    one((text) => `alias ls='rm'\n${text}`),
    one((text) => `X=\`${text.replaceAll(/[\\`$]/g, '\\$&')}\`; $X`),
    one((text) => `echo $((a[$(${text})]))`),
    one((text) => `${text} # rm b.c`),
    one((text) => `cat < <(${text})`),
    one((text) => `tee >(${text})`),
    one((text) => `time ${text}`),
    one((text) => `coproc ${text}`),
  ];
}

/** Characters that mean something to a shell, put anywhere into a line: where two readers part ways. */
const SPECIAL = [
  ...'\'"\\$`(){};&|<>\n #!*?[]~=^-',
  '$(',
  '${',
  '<<',
  '((',
  '[[',
  "$'",
  '\\\n',
  ' do ',
  ' fi',
  ' in ',
];

const changed = fc
  .tuple(
    line,
    fc.array(fc.tuple(fc.nat(), fc.constantFrom(...SPECIAL), fc.boolean()), { minLength: 1, maxLength: 3 }),
  )
  .map(([text, changes]) =>
    changes.reduce((before, [place, special, replaces]) => {
      const at = place % (before.length + 1);
      return before.slice(0, at) + special + before.slice(at + (replaces ? 1 : 0));
    }, text),
  );

/** Any line. */
export const commandLine: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: line, weight: 2 },
  { arbitrary: changed, weight: 1 },
);
