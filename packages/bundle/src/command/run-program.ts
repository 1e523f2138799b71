import { type CommandWord, NotUnderstood } from './command-analysis.ts';
import { addFolder, addPath, type CommandFindings } from './command-findings.ts';
import { resolvePath } from './file-path.ts';
import { addOperands } from './operands.ts';
import { baseName, OTHER_SHELLS, REFUSED_WORDS, SHELL_WORDS, SHELLS } from './programs.ts';
import { checkVariable, isWrapper, unwrap } from './wrappers.ts';

/** Notes the program of a command, what it runs in turn, and the files that its words name. */
export function runProgram(words: readonly CommandWord[], findings: CommandFindings): void {
  const [first, ...rest] = words;
  if (first === undefined) return;
  const name = programName(first, findings);
  if (REFUSED_WORDS.has(name)) throw new NotUnderstood(`what \`${name}\` does cannot be told before it runs`);
  if (SHELL_WORDS.has(name)) {
    shellWord(name, rest, findings);
    return;
  }
  findings.programs.push({
    name,
    words: rest.map(({ text, unknown, pattern, tilde, pipe, below }) =>
      (unknown ?? pattern ?? tilde ?? pipe ?? below) === undefined ? text : undefined,
    ),
  });
  const base = baseName(name);
  if (SHELLS.has(base)) runShell(base, rest, findings);
  else if (OTHER_SHELLS.has(base) && rest.some(({ text }) => text.startsWith('-') && text.includes('c')))
    throw new NotUnderstood(`the language of \`${base}\` is not read here`);
  else if (base === 'find') runFind(rest, findings);
  else if (base === 'command' && /^-[vV]+$/.test(rest[0]?.text ?? '')) return;
  else if (isWrapper(base)) runWrapped(base, rest, findings);
  else addOperands(base, rest, findings);
}

function programName(word: CommandWord, { folders, setting }: CommandFindings): string {
  const { text, unknown, pattern, pipe, tilde } = word;
  if (unknown !== undefined)
    throw new NotUnderstood(`which program \`${unknown}\` names is known only when it runs`);
  if (pattern === true || pipe === true || text === '')
    throw new NotUnderstood(`\`${text}\` does not name one program`);
  // After `time`, which is a word of one shell and a program for another.
  if (text.startsWith('-')) throw new NotUnderstood(`\`${text}\` is no program`);
  if (!text.includes('/')) return text;
  const found = resolvePath(text, { folders, home: setting.home }, { tilde: tilde === true });
  const [path] = found;
  if (path === undefined || found.length > 1)
    throw new NotUnderstood(`which file \`${text}\` is depends on the folder`);
  // A bare name would be looked up in `PATH`.
  return path.includes('/') ? path : `./${path}`;
}

function shellWord(name: string, words: readonly CommandWord[], findings: CommandFindings): void {
  if (name === 'cd') changeFolder(words, findings);
  else if (name === 'test' || name === '[') checkTestWords(words);
  else if (name === 'set') checkSet(words);
  else if (name === 'wait') checkWait(words);
  else if (['export', 'declare', 'local', 'readonly', 'typeset', 'read', 'unset'].includes(name))
    checkNames(name, words, findings);
}

/** Unquoted, a value may become an option that evaluates another value. */
function checkTestWords(words: readonly CommandWord[]): void {
  const fault = words.find(({ text, split }) => split === true || text === '-v' || text === '-R');
  if (fault !== undefined) throw new NotUnderstood(`a test of \`${fault.text}\` can run commands; quote it`);
}

function checkSet(words: readonly CommandWord[]): void {
  const isPlain = ({ text, unknown }: CommandWord): boolean =>
    unknown === undefined && /^([-+][Ceuxo]+|pipefail|--)$/.test(text);
  if (!words.every(isPlain)) throw new NotUnderstood('`set` with other options than `-Ceux` and `pipefail`');
}

function checkWait(words: readonly CommandWord[]): void {
  const strange = words.find(({ text }) => !/^(%?\d+|\$!)$/.test(text));
  if (strange !== undefined) throw new NotUnderstood(`\`wait ${strange.text}\` is not known here`);
}

function checkNames(name: string, words: readonly CommandWord[], findings: CommandFindings): void {
  for (const { text, unknown, split } of words) {
    if (text.startsWith('-')) {
      const known = name === 'read' ? /^-[rs]+$/ : /^-[xrp]+$/;
      if (!known.test(text) && !(name === 'unset' && text === '-v'))
        throw new NotUnderstood(`option \`${text}\` of \`${name}\` is not known here`);
      continue;
    }
    const variable = text.split('=', 1)[0] as string;
    if (split === true || (unknown !== undefined && !text.includes('=')))
      throw new NotUnderstood(`which variable \`${unknown ?? text}\` names is known only when it runs`);
    findings.variables.add(checkVariable(variable));
  }
}

function changeFolder(words: readonly CommandWord[], findings: CommandFindings): void {
  const targets = words.filter(({ text }) => !/^-[LP]$/.test(text) && text !== '--');
  const target = targets[0] ?? { text: '~', tilde: true as const };
  if (targets.length > 1 || target.unknown !== undefined || target.pattern === true || target.text === '-')
    throw new NotUnderstood(`it is not known where \`cd ${target.text}\` leads`);
  const { folders, setting } = findings;
  const options = { tilde: target.tilde === true };
  for (const folder of resolvePath(target.text, { folders: [...folders], home: setting.home }, options))
    addFolder(findings, folder);
}

/** `sh -c 'line'` is read like the line around it; a script in a file is a file that is executed. */
function runShell(shell: string, words: readonly CommandWord[], findings: CommandFindings): void {
  let isLine = false;
  let index = 0;
  for (; index < words.length; index += 1) {
    const { text, unknown, pattern } = words[index] as CommandWord;
    if (unknown !== undefined || pattern === true)
      throw new NotUnderstood(`\`${text}\` may be an option of \`${shell}\``);
    if (!/^[-+]./.test(text)) break;
    if (!/^[-+](c|[euxo]+c?|ec?)$/.test(text) && text !== '--')
      throw new NotUnderstood(`option \`${text}\` of \`${shell}\` is not known here`);
    isLine ||= text.startsWith('-') && text.includes('c');
    if (text.includes('o')) index += 1;
  }
  const operand = words[index];
  if (operand === undefined || operand.text === '-')
    throw new NotUnderstood(`\`${shell}\` takes its commands from its input: they are not known`);
  if (isLine) {
    findings.walkLine(operand.text);
    return;
  }
  const { folders, setting } = findings;
  const options = { tilde: operand.tilde === true };
  for (const id of resolvePath(operand.text, { folders, home: setting.home }, options))
    addPath(findings, { id, operation: 'execute' });
  addOperands(shell, words.slice(index + 1), findings);
}

function runWrapped(name: string, words: readonly CommandWord[], findings: CommandFindings): void {
  const { inner, variables } = unwrap(name, words);
  for (const variable of variables) findings.variables.add(variable);
  if (name !== 'xargs') {
    runProgram(inner, findings);
    return;
  }
  const program = inner.length === 0 ? [{ text: 'echo' }] : inner;
  runProgram([...program, { text: '', unknown: 'the input of xargs', split: true }], findings);
}

const FIND_RUNS = new Set(['-exec', '-execdir', '-ok', '-okdir']);
const FIND_WRITES = new Set(['-fprint', '-fprint0', '-fprintf', '-fls']);

/** `find` runs programs on what it finds, deletes it, or writes about it. */
function runFind(words: readonly CommandWord[], findings: CommandFindings): void {
  const strange = words.find(({ unknown, pattern }) => unknown !== undefined && pattern !== true);
  if (strange !== undefined) throw new NotUnderstood(`\`${strange.unknown}\` may be an option of \`find\``);
  const isExpression = ({ text }: CommandWord): boolean => /^-(?![HLP]$)|^[(!,]$/.test(text);
  const found = words.findIndex(isExpression);
  const end = found === -1 ? words.length : found;
  const named = words.slice(0, end).filter(({ text }) => !/^-[HLP]$/.test(text));
  const starts = named.length === 0 ? [{ text: '.' }] : named;
  const expression = words.slice(end);
  const deletes = expression.some(({ text }) => text === '-delete');
  const { folders, setting } = findings;
  for (const start of starts) {
    const options = { tilde: start.tilde === true, pattern: start.pattern === true };
    for (const id of resolvePath(start.text, { folders, home: setting.home }, options))
      addPath(findings, { id, operation: deletes ? 'write' : 'read' });
  }
  for (let index = 0; index < expression.length; index += 1) {
    const { text } = expression[index] as CommandWord;
    if (text.startsWith('-files0')) throw new NotUnderstood('`find` takes its folders from a file');
    if (FIND_WRITES.has(text)) {
      const target = expression[index + 1];
      for (const id of resolvePath(target?.text ?? '', { folders, home: setting.home }))
        addPath(findings, { id, operation: 'write' });
    }
    if (!FIND_RUNS.has(text)) continue;
    if (text.endsWith('dir'))
      throw new NotUnderstood(`\`${text}\` runs programs in folders that are not known`);
    const rest = expression.slice(index + 1);
    const until = rest.findIndex((each) => each.text === ';' || each.text === '+');
    if (until === -1) throw new NotUnderstood(`\`${text}\` has no end`);
    for (const start of starts) {
      const inner = rest.slice(0, until).map((each): CommandWord => {
        if (!each.text.includes('{}')) return each;
        if (each.text !== '{}' || each === rest[0])
          throw new NotUnderstood(`\`${each.text}\` is known only when \`find\` runs`);
        return { ...start, below: true };
      });
      runProgram(inner, findings);
    }
    index += until + 1;
  }
}
