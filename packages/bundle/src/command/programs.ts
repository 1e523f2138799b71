/** Words of the shell itself that change nothing outside of it; they need not be allowed. */
export const SHELL_WORDS: ReadonlySet<string> = new Set([
  ':',
  '[',
  'break',
  'cd',
  'continue',
  'declare',
  'exit',
  'export',
  'false',
  'local',
  'pwd',
  'read',
  'readonly',
  'return',
  'set',
  'shift',
  'test',
  'times',
  'true',
  'type',
  'typeset',
  'umask',
  'unset',
  'wait',
]);

/** Words of the shell after which what the rest of the line means cannot be told. */
export const REFUSED_WORDS: ReadonlySet<string> = new Set([
  '.',
  'alias',
  'bind',
  'compgen',
  'complete',
  'compopt',
  'coproc',
  'dirs',
  'enable',
  'eval',
  'fc',
  'getopts',
  'hash',
  'history',
  'let',
  'mapfile',
  'popd',
  'pushd',
  'readarray',
  'select',
  'shopt',
  'source',
  'trap',
  'unalias',
]);

/** Programs whose operands name no files. */
export const WITHOUT_FILES: ReadonlySet<string> = new Set([
  ...SHELL_WORDS,
  'basename',
  'dirname',
  'echo',
  'expr',
  'id',
  'kill',
  'printf',
  'ps',
  'seq',
  'sleep',
  'tr',
  'uname',
  'which',
  'whoami',
  'yes',
]);

/** Programs that only read the files that they are given, whatever their options. */
export const READERS: ReadonlySet<string> = new Set([
  'cat',
  'cmp',
  'comm',
  'cut',
  'diff',
  'du',
  'egrep',
  'fgrep',
  'grep',
  'head',
  'hexdump',
  'ls',
  'md5sum',
  'nl',
  'od',
  'readlink',
  'realpath',
  'sha1sum',
  'sha256sum',
  'sha512sum',
  'stat',
  'strings',
  'tac',
  'tail',
  'wc',
]);

/** Programs that change the files that they are given; of what they copy from, that is more than the truth. */
export const WRITERS: ReadonlySet<string> = new Set([
  'chgrp',
  'chmod',
  'chown',
  'cp',
  'dd',
  'install',
  'ln',
  'mkdir',
  'mkfifo',
  'mv',
  'rm',
  'rmdir',
  'shred',
  'tee',
  'touch',
  'truncate',
  'unlink',
]);

/** Programs whose first operand is a pattern or a script, unless an option brings one. */
export const PATTERN_FIRST: ReadonlySet<string> = new Set(['egrep', 'fgrep', 'grep', 'sed']);

/** Shells whose `-c` is read as the line itself is. */
export const SHELLS: ReadonlySet<string> = new Set(['ash', 'bash', 'dash', 'sh']);
/** Shells whose language is another one. */
export const OTHER_SHELLS: ReadonlySet<string> = new Set([
  'csh',
  'fish',
  'ksh',
  'mksh',
  'pwsh',
  'rbash',
  'tcsh',
  'zsh',
]);

/**
 * Variables that change which programs run, or what they do before they do what they were asked: those of the shell, of
 * the loader and the C library, of languages and tools by their prefix, and names that end as such names do.
 */
const TELLING_VARIABLE = new RegExp(
  `^(?:${[
    'HOME|IFS|ENV|PWD|OLDPWD|VISUAL|EXECIGNORE|FUNCNEST|PS[0-4]',
    '(?:BASH|SHELL|PROMPT|POSIX|GLOB|TERMINFO|LC_|LANG|LD_|DYLD_|GCONV_|MALLOC_|GLIBC_).*',
    '(?:GIT_|SSH_|LESS|OPENSSL_|SSL|CURL_|WGET|RSYNC_|HG|SVN_|CVS_|DOCKER_|KUBE|TF_|ANSIBLE_|SUDO_).*',
    '(?:NODE_|NPM_|YARN_|DENO_|BUN_|PYTHON|PIP_|UV_|PERL|RUBY|GEM_|BUNDLE_|JAVA|_JAVA|JDK_|PHP|LUA_|TCL).*',
    '(?:GCC_|CARGO_|RUST|AWK|MAKE|MAKEFILE).*',
    'GO(?:FLAGS|ROOT|ENV|PROXY|TOOLCHAIN|BIN)|CC|CXX|CPP|LD|AR|AS',
    '.*(?:PATH|PAGER|EDITOR|BROWSER|COMMAND|OPTIONS|OPTS|OPT|FLAGS|PRELOAD|WRAPPER|ASKPASS|RSH|SSH|SHELL|INIT|STARTUP)',
    '(?:WGET|PSQL|INPUT|VIM|MYVIM|ZSH|SCREEN|IRB|PRY|MAIL|EX|NPM|CURL)RC',
    '.*(?:_HOME|_CONF|_RC|_CONFIG.*|DOTDIR)',
  ].join('|')})$`,
  'i',
);

/** May a line set this variable: a plain name that steers no program. */
export function isPlainVariable(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !TELLING_VARIABLE.test(name);
}

/** The last step of a program's name: what it is taken to do follows from that. */
export function baseName(program: string): string {
  return program.slice(program.lastIndexOf('/') + 1);
}
