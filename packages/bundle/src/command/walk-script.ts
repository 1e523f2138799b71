import type {
  Assignment,
  Command,
  CommandNode,
  CompoundList,
  ParsedScript,
  PipelineNode,
  Redirection,
  Statement,
  TestExpression,
  Word,
} from 'unbash';
import { type CommandWord, NotUnderstood } from './command-analysis.ts';
import { addPath, type CommandFindings, PROGRAMS_MAX } from './command-findings.ts';
import { resolvePath } from './file-path.ts';
import { readWord, type WordReader } from './read-word.ts';
import { runProgram } from './run-program.ts';
import { checkVariable } from './wrappers.ts';

/** Looks at every command of a script. What is not listed here is refused. */
export function walkScript(script: ParsedScript, findings: CommandFindings): void {
  const fault = script.errors?.[0];
  if (fault !== undefined) throw new NotUnderstood(fault.message);
  walkStatements(script.commands, findings);
}

function walkStatements(statements: readonly Statement[], findings: CommandFindings): void {
  for (const { command } of statements) walkNode(command, findings);
}

function walkList({ commands }: CompoundList, findings: CommandFindings): void {
  walkStatements(commands, findings);
}

function repeatedly(findings: CommandFindings, walk: () => void): void {
  findings.repeated += 1;
  walk();
  findings.repeated -= 1;
}

function walkNode(node: Statement['command'] | PipelineNode | CommandNode, findings: CommandFindings): void {
  if (findings.programs.length > PROGRAMS_MAX) throw new NotUnderstood('it runs too many programs');
  const word = (each: Word): CommandWord => readWord(each, readerOf(findings));
  switch (node.type) {
    case 'AndOr':
    case 'Pipeline':
      for (const each of node.commands) walkNode(each, findings);
      return;
    case 'Command':
      walkCommand(node, findings);
      return;
    case 'Redirected':
      walkNode(node.command, findings);
      for (const each of node.redirects) redirect(each, findings);
      return;
    case 'Subshell':
    case 'BraceGroup':
      walkList(node.body, findings);
      return;
    case 'If':
      for (const list of [node.clause, node.then, ...node.elif.flatMap((each) => [each.clause, each.then])])
        walkList(list, findings);
      if (node.else !== undefined) walkList(node.else, findings);
      return;
    case 'While':
      repeatedly(findings, () => {
        walkList(node.clause, findings);
        walkList(node.body, findings);
      });
      return;
    case 'For':
      checkVariable(node.name.text);
      for (const each of node.wordlist ?? []) word(each);
      repeatedly(findings, () => walkList(node.body, findings));
      return;
    case 'Case':
      word(node.word);
      for (const { pattern, body } of node.items) {
        for (const each of pattern) word(each);
        walkList(body, findings);
      }
      return;
    case 'TestCommand':
      checkTest(node.expression, findings);
      return;
    default:
      throw new NotUnderstood(`${NAMES[node.type] ?? node.type} is not looked into`);
  }
}

const NAMES: Readonly<Record<string, string>> = {
  Function: 'the definition of a function',
  Coproc: '`coproc`',
  Select: '`select`',
  ArithmeticCommand: 'arithmetic in `(( ))`',
  ArithmeticFor: 'arithmetic in `for (( ))`',
};

function readerOf(findings: CommandFindings): WordReader {
  return { nested: (script) => walkScript(script, findings) };
}

/** Plain tests of one word or two that no shell can take for anything else. */
function checkTest(expression: TestExpression, findings: CommandFindings): void {
  const isPlain =
    (expression.type === 'TestUnary' && /^-[a-uw-zA-QS-Z]$/.test(expression.operator)) ||
    (expression.type === 'TestBinary' && ['=', '==', '!='].includes(expression.operator));
  if (!isPlain)
    throw new NotUnderstood('`[[ ]]` with more than one plain test is read differently by shells');
  const words =
    expression.type === 'TestUnary'
      ? [expression.operand]
      : expression.type === 'TestBinary'
        ? [expression.left, expression.right]
        : [];
  for (const each of words) readWord(each, readerOf(findings));
}

function walkCommand(command: Command, findings: CommandFindings): void {
  const reader = readerOf(findings);
  for (const each of command.prefix) if (each.type === 'Assignment') assign(each, findings);
  const words: CommandWord[] = [];
  if (command.name !== undefined) words.push(readWord(command.name, reader));
  for (const each of command.args) {
    if (each.type === 'Assignment') {
      assign(each, findings);
      words.push({ text: each.text });
    } else words.push(readWord(each, reader));
  }
  for (const each of command.redirects) {
    // A shell without `&>` ends the command before it: what follows would be a program.
    if (each.operator.startsWith('&>') && lastWordAt(command) > each.pos)
      throw new NotUnderstood(`words after \`${each.operator}\` are read differently by shells`);
    redirect(each, findings);
  }
  if (words.length > 0) runProgram(words, findings);
}

function lastWordAt({ name, args }: Command): number {
  return Math.max(name?.pos ?? -1, ...args.map(({ pos }) => pos));
}

function assign({ name, value, index }: Assignment, findings: CommandFindings): void {
  findings.variables.add(checkVariable(name));
  if (index !== undefined) throw new NotUnderstood(`the index of \`${name}[…]\` can run commands`);
  const words = value.type === 'ArrayValue' ? value.elements : [value];
  for (const each of words) {
    // An element `[index]=…` is evaluated as arithmetic.
    if (value.type === 'ArrayValue' && each.text.startsWith('['))
      throw new NotUnderstood(`the index of \`${name}[…]\` can run commands`);
    readWord(each, readerOf(findings));
  }
}

/** Where a command's input comes from and its output goes. */
function redirect(redirection: Redirection, findings: CommandFindings): void {
  const { descriptor } = redirection;
  if (descriptor?.type === 'FileDescriptorVariable') checkVariable(descriptor.name);
  if (redirection.type === 'HereDoc') {
    if (redirection.closing === undefined) throw new NotUnderstood('a here-document has no end');
    const { parts, text, pos, end } = redirection.body;
    if (parts !== undefined && redirection.delimiter?.quoted !== true) {
      readWord({ type: 'Word', text, value: text, pos, end, parts }, readerOf(findings));
    }
    return;
  }
  if (redirection.target === undefined) throw new NotUnderstood('a redirection leads nowhere');
  const word = readWord(redirection.target, readerOf(findings));
  if (redirection.type === 'HereString' || word.pipe === true) return;
  const { operator } = redirection;
  if ((operator === '>&' || operator === '<&') && /^(\d+-?|-)$/.test(word.text)) return;
  if (word.unknown !== undefined || word.pattern === true)
    throw new NotUnderstood(`it is not known where \`${operator} ${word.text}\` leads`);
  const operation = operator === '<' || operator === '<&' ? 'read' : 'write';
  const { folders, setting } = findings;
  const options = { tilde: word.tilde === true };
  for (const id of resolvePath(word.text, { folders, home: setting.home }, options))
    addPath(findings, { id, operation });
}
