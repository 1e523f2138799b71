import { trimEnd, trimStart } from '../trim-ends.ts';
import type { Command, Operand, Pipeline, TemplateNode } from './nodes.ts';
import { refuse } from './nodes.ts';

const BLANKS = ' \t\r\n';

/** Nesting of actions and parentheses. */
const DEPTH_MAX = 200;

/** Text, and what stands between `{{` and `}}`. */
type Piece = { readonly text: string } | { readonly action: string };

const ACTION_END = /"(?:[^"\\\n]|\\.)*"|`[^`]*`|'(?:[^'\\\n]|\\.)*'|-?\}\}/g;

function cut(source: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let rest = source;
  let isTrimmed = false;
  for (;;) {
    const start = rest.indexOf('{{');
    let text = start < 0 ? rest : rest.slice(0, start);
    if (isTrimmed) text = trimStart(text, BLANKS);
    const opens = /^-[ \t\r\n]/.test(rest.slice(start + 2));
    if (start >= 0 && opens) text = trimEnd(text, BLANKS);
    if (text !== '') pieces.push({ text });
    if (start < 0) return pieces;
    const body = rest.slice(start + (opens ? 3 : 2));
    const { inner, length, closes } = actionEnd(body);
    pieces.push({ action: inner });
    rest = body.slice(length);
    isTrimmed = closes;
  }
}

function actionEnd(body: string): {
  readonly inner: string;
  readonly length: number;
  readonly closes: boolean;
} {
  const comment = /^\s*\/\*[\s\S]*?\*\/(\s+-)?\}\}/.exec(body);
  if (comment !== null) return { inner: '/**/', length: comment[0].length, closes: comment[1] !== undefined };
  ACTION_END.lastIndex = 0;
  for (let found = ACTION_END.exec(body); found !== null; found = ACTION_END.exec(body)) {
    if (!found[0].endsWith('}}')) continue;
    const isMarked = found[0].startsWith('-') && /\s$/.test(body.slice(0, found.index));
    if (found[0].startsWith('-') && !isMarked) refuse('unexpected "-" in an action');
    return { inner: body.slice(0, found.index), length: found.index + found[0].length, closes: isMarked };
  }
  return refuse('unclosed action');
}

const TOKEN =
  /\s+|"(?:[^"\\\n]|\\.)*"|`[^`]*`|'(?:[^'\\\n]|\\.)*'|:=|[=|(),]|\$[\p{L}\p{N}_]*|(?:\.[\p{L}_][\p{L}\p{N}_]*)+|\.|[+-]?\d[\w.+-]*|[\p{L}_][\p{L}\p{N}_]*/uy;

interface Token {
  readonly text: string;
  /** Nothing stands between it and the token before. */
  readonly isJoined: boolean;
}

function tokens(text: string): Token[] {
  const found: Token[] = [];
  let isJoined = false;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const match = TOKEN.exec(text);
    if (match === null) return refuse(`unexpected character in an action: ${text}`);
    const isBlank = /^\s/.test(match[0]);
    if (!isBlank) found.push({ text: match[0], isJoined });
    isJoined = !isBlank;
  }
  return found;
}

function constant(text: string): Operand | undefined {
  if (text.startsWith('`')) return { kind: 'constant', value: text.slice(1, -1) };
  if (text.startsWith('"')) {
    try {
      return { kind: 'constant', value: JSON.parse(text) as string };
    } catch {
      return refuse(`the text ${text} has an escape that is not supported`);
    }
  }
  if (/^[+-]?(?:0|[1-9]\d*)$/.test(text)) return { kind: 'constant', value: BigInt(text) };
  if (/^[+\-\d']/.test(text)) return refuse(`the constant ${text} is not supported`);
  if (text === 'true' || text === 'false') return { kind: 'constant', value: text === 'true' };
  return text === 'nil' ? { kind: 'constant', value: null } : undefined;
}

function fieldNames(text: string): string[] {
  return text === '.' ? [] : text.slice(1).split('.');
}

/** Reads the pipeline of one action. */
class PipelineReader {
  readonly #tokens: readonly Token[];
  readonly #variables: string[];
  #index = 0;
  #depth = 0;

  constructor(source: readonly Token[], variables: string[]) {
    this.#tokens = source;
    this.#variables = variables;
  }

  whole(isRange: boolean): Pipeline {
    const declared = this.#declarations(isRange);
    const commands = this.#commands();
    if (this.#index < this.#tokens.length) this.#unexpected();
    // A variable is known only behind its declaration.
    if (!declared.isAssignment) this.#variables.push(...declared.variables);
    return { ...declared, commands };
  }

  #unexpected(): never {
    return refuse(`unexpected ${JSON.stringify(this.#tokens[this.#index]?.text ?? 'end')} in an action`);
  }

  #declarations(isRange: boolean): { readonly variables: string[]; readonly isAssignment: boolean } {
    const text = (offset: number) => this.#tokens[offset]?.text ?? '';
    const isPair = isRange && text(1) === ',' && text(2).startsWith('$');
    const at = isPair ? 3 : 1;
    const isDeclared = text(0).startsWith('$') && (text(at) === ':=' || text(at) === '=');
    if (!isDeclared) return { variables: [], isAssignment: false };
    const variables = isPair ? [text(0), text(2)] : [text(0)];
    const isAssignment = text(at) === '=';
    if (isAssignment) for (const name of variables) this.#known(name);
    this.#index = at + 1;
    return { variables, isAssignment };
  }

  #known(name: string): void {
    if (!this.#variables.includes(name)) refuse(`undefined variable "${name}"`);
  }

  #commands(): Command[] {
    const commands: Command[] = [];
    do {
      commands.push(this.#command(commands.length));
    } while (this.#take('|'));
    return commands;
  }

  #take(text: string): boolean {
    if (this.#tokens[this.#index]?.text !== text) return false;
    this.#index++;
    return true;
  }

  #command(position: number): Command {
    const operands: Operand[] = [];
    for (let token = this.#tokens[this.#index]; token !== undefined; token = this.#tokens[this.#index]) {
      if (token.text === '|' || token.text === ')') break;
      if (operands.length > 0 && token.isJoined) this.#unexpected();
      operands.push(this.#operand(token));
    }
    const [first] = operands;
    if (first === undefined) return refuse('missing value for command');
    const mustCall = position > 0 || operands.length > 1;
    if (mustCall && first.kind !== 'function') refuse('only functions take arguments here');
    return operands;
  }

  #operand({ text }: Token): Operand {
    this.#index++;
    if (text.startsWith('.')) return { kind: 'field', names: fieldNames(text) };
    if (text === '(') {
      this.#depth++;
      if (this.#depth > DEPTH_MAX) refuse('an action is nested too deeply');
      const commands = this.#commands();
      if (!this.#take(')')) refuse('unclosed left paren');
      this.#depth--;
      const names = this.#joinedFields();
      return { kind: 'pipeline', pipeline: { variables: [], isAssignment: false, commands }, names };
    }
    if (text.startsWith('$')) {
      this.#known(text);
      return { kind: 'variable', name: text, names: this.#joinedFields() };
    }
    const known = constant(text);
    if (known !== undefined) return known;
    return /^[\p{L}_]/u.test(text) ? { kind: 'function', name: text } : this.#unexpected();
  }

  #joinedFields(): readonly string[] {
    const next = this.#tokens[this.#index];
    if (next === undefined || !next.isJoined || !next.text.startsWith('.')) return [];
    this.#index++;
    return fieldNames(next.text);
  }
}

/** Reads a template's nodes up to the `else` or `end` that belongs to someone else. */
class TemplateReader {
  readonly #pieces: readonly Piece[];
  readonly #variables: string[] = ['$'];
  #index = 0;
  #depth = 0;
  #ranges = 0;

  constructor(source: string) {
    this.#pieces = cut(source);
  }

  whole(): readonly TemplateNode[] {
    const { nodes, end } = this.#nodes();
    return end === undefined ? nodes : refuse(`unexpected {{${end.join(' ')}}}`);
  }

  #nodes(): { readonly nodes: TemplateNode[]; readonly end: readonly string[] | undefined } {
    const nodes: TemplateNode[] = [];
    for (let piece = this.#pieces[this.#index]; piece !== undefined; piece = this.#pieces[this.#index]) {
      this.#index++;
      if ('text' in piece) nodes.push({ kind: 'text', text: piece.text });
      else if (piece.action !== '/**/') {
        const words = tokens(piece.action);
        const head = words[0]?.text ?? '';
        if (head === 'end' || head === 'else') return { nodes, end: words.map(({ text }) => text) };
        nodes.push(this.#action(words));
      }
    }
    return { nodes, end: undefined };
  }

  #action(words: readonly Token[]): TemplateNode {
    const head = words[0]?.text ?? '';
    if (head === 'if' || head === 'with' || head === 'range') return this.#control(head, words.slice(1));
    if ((head === 'break' || head === 'continue') && words.length === 1) {
      return this.#ranges > 0 ? { kind: head } : refuse(`{{${head}}} outside {{range}}`);
    }
    if (head === 'define' || head === 'template' || head === 'block') {
      refuse(`{{${head}}} is not supported`);
    }
    return { kind: 'action', pipeline: new PipelineReader(words, this.#variables).whole(false) };
  }

  #control(kind: 'if' | 'with' | 'range', words: readonly Token[]): TemplateNode {
    this.#depth++;
    if (this.#depth > DEPTH_MAX) refuse('a template is nested too deeply');
    const known = this.#variables.length;
    const pipeline = new PipelineReader(words, this.#variables).whole(kind === 'range');
    if (kind === 'range') this.#ranges++;
    const { nodes: body, end } = this.#nodes();
    if (kind === 'range') this.#ranges--;
    let otherwise: readonly TemplateNode[] = [];
    if (end?.[0] === 'else') otherwise = this.#otherwise(kind);
    else if (end?.length !== 1) refuse('unexpected end of a template');
    this.#variables.length = known;
    this.#depth--;
    return { kind, pipeline, body, otherwise };
  }

  #otherwise(kind: 'if' | 'with' | 'range'): readonly TemplateNode[] {
    const piece = this.#pieces[this.#index - 1]!;
    const words = tokens((piece as { readonly action: string }).action).slice(1);
    const head = words[0]?.text;
    // `{{else if …}}` stands for an `if` of its own that shares the `end`.
    if (head !== undefined && head === kind && kind !== 'range') return [this.#control(kind, words.slice(1))];
    if (head !== undefined) refuse(`unexpected {{else ${head}}}`);
    const { nodes, end } = this.#nodes();
    if (end?.[0] !== 'end' || end.length !== 1) refuse('expected end of {{else}}');
    return nodes;
  }
}

/** Reads a template; a fault is thrown. Source: Go's `text/template`. */
export function parseTemplate(source: string): readonly TemplateNode[] {
  return new TemplateReader(source).whole();
}
