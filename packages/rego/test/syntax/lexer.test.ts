import { describe, expect, test } from 'vitest';
import { tokenize } from '../../src/syntax/lexer.ts';

const places = (text: string): string[] =>
  tokenize(text, 'x').tokens.map(({ kind, row, column }) => `${kind}@${row}:${column}`);
const faults = (text: string): string[] => tokenize(text, 'x').tokens.flatMap((token) => [...token.faults]);

describe('places', () => {
  test('rows and columns count from 1, tabs as one column', () => {
    expect(places('a\n\tb := 1')).toEqual([
      'identifier@1:1',
      'identifier@2:2',
      ':=@2:4',
      'number@2:7',
      'eof@2:7',
    ]);
  });

  test('columns count characters: a character beyond the basic plane is one', () => {
    expect(places('"😀é" + x # 😀\ny')).toEqual([
      'string@1:1',
      '+@1:6',
      'identifier@1:8',
      'identifier@2:1',
      'eof@2:1',
    ]);
  });

  test('offsets count UTF-16 units, so that they cut the text', () => {
    const text = '"😀" + `a\nb` + c';
    const { tokens } = tokenize(text, 'x');
    expect(tokens.map(({ start, end }) => text.slice(start, end))).toEqual([
      '"😀"',
      '+',
      '`a\nb`',
      '+',
      'c',
      '',
    ]);
    expect(tokens.at(-2)).toMatchObject({ row: 2, column: 6 });
  });

  test('a byte-order mark at the start is skipped, elsewhere it is a fault', () => {
    expect(faults('\ufeffpackage a')).toEqual([]);
    expect(faults('package \ufeffa')).toEqual(['illegal byte-order mark']);
  });

  test('white space and line ends before a token are known', () => {
    const { tokens } = tokenize('p[x] # note\n  [y]', 'x');
    expect(tokens.map(({ spaceBefore }) => spaceBefore)).toEqual([
      false,
      false,
      false,
      false,
      true,
      false,
      false,
      false,
    ]);
    expect(tokens.map(({ newlineBefore }) => newlineBefore).indexOf(true)).toBe(4);
  });
});

describe('comments', () => {
  test('hold their text without the mark and the carriage return', () => {
    const { comments } = tokenize('# one\r\na # two', 'x');
    expect(comments.map(({ text }) => text)).toEqual([' one', ' two']);
    expect(comments[1]?.location).toMatchObject({ row: 2, column: 3 });
  });

  test('a mark inside a string starts none', () => {
    expect(tokenize('"#" + `#`', 'x').comments).toEqual([]);
  });
});

describe('template strings', () => {
  test('braces of the expression do not end it', () => {
    expect(tokenize('$"a{ {"b": 1} }c"', 'x').tokens.map(({ text }) => text)).toEqual([
      '$"a{',
      '{',
      '"b"',
      ':',
      '1',
      '}',
      '}',
      '}c"',
      '',
    ]);
  });

  test('nest', () => {
    const kinds = tokenize('$"{$`{x}`}"', 'x').tokens.map(({ kind }) => kind);
    expect(kinds).toEqual([
      'template-string-part',
      'raw-template-string-part',
      'identifier',
      '}',
      'raw-template-string-end',
      '}',
      'template-string-end',
      'eof',
    ]);
  });
});

describe('faults', () => {
  test.each([
    ['"abc\n', 'non-terminated string'],
    ['`abc', 'non-terminated string'],
    ['$"abc', 'non-terminated string'],
    ['"a\\q"', 'illegal escape sequence'],
    ['1.x', 'expected fraction'],
    ['1e+', 'expected exponent'],
    ['0a2b', 'illegal number format'],
    ['$x', 'illegal $ character'],
    ['!x', 'illegal ! character'],
    ['\u00a0', 'illegal non-breaking space character, use a regular space instead'],
  ])('%j: %s', (text, fault) => {
    expect(faults(text)).toContain(fault);
  });

  test('a character that no token starts with is illegal', () => {
    expect(places('@ 😀')).toEqual(['illegal@1:1', 'illegal@1:3', 'eof@1:3']);
  });
});
