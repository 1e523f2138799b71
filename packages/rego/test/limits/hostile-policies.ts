/** Policies that would take all time or memory there is; each must end with an error. */
export const HOSTILE_POLICIES: Readonly<Record<string, string>> = {
  'doubles an array': doubling('array.concat(%, %)', '[1]'),
  'doubles a text by concat': doubling('concat("", [%, %])', '"abcdefgh"'),
  'doubles a text by sprintf': doubling('sprintf("%s%s", [%, %])', '"abcdefgh"'),
  'doubles a text by replace': doubling('replace(%, "a", "aa")', '"aaaaaaaa"'),
  'doubles a text by a template': doubling('$"{%}{%}"', '"abcdefgh"'),
  'puts a text between all units':
    'p := count(replace(replace(x, "", x), "", x)) if x := concat("", [sprintf("%01000d", [1]) | some i in numbers.range(1, 300)])',
  'squares a number': doubling('% * %', '123456789'),
  'squares a fraction': doubling('% * %', '1.5e-19000'),
  'squares a large power': doubling('% * %', '1e19000'),
  'divides again and again': doubling('% / 1e-19000', '1e19000'),
  'shifts again and again': doubling('bits.lsh(%, 100000)', '1'),
  'multiplies a list': 'p := product([123456789123456 | some i in numbers.range(1, 1000000)])',
  'expands a block': 'p := count(net.cidr_expand("10.0.0.0/4"))',
  'expands a large block': 'p := count(net.cidr_expand("2001:db8::/32"))',
  'makes a range': 'p := count(numbers.range(1, 10000000000))',
  'makes many ranges':
    'p := count([1 | some i in numbers.range(1, 100000); count(numbers.range(1, 100000)) > 0])',
  'collects an array':
    'p := count([[i, j, [i, j]] | some i in numbers.range(1, 10000); some j in numbers.range(1, 10000)])',
  'collects a set':
    'p := count({[i, j] | some i in numbers.range(1, 10000); some j in numbers.range(1, 10000)})',
  'collects an object':
    'p := count({x: i | some i in numbers.range(1, 10000); some j in numbers.range(1, 10000); x := (i * 10000) + j})',
  'collects a rule':
    'p := count(q)\n\nq contains [i, j] if { some i in numbers.range(1, 10000); some j in numbers.range(1, 10000) }',
  'collects texts': 'p := count([sprintf("%01000d", [i]) | some i in numbers.range(1, 10000000)])',
  loops: 'p if { some i in numbers.range(1, 100000); some j in numbers.range(1, 100000); i + j < 0 }',
  'loops over every':
    'p if every i in numbers.range(1, 100000) { every j in numbers.range(1, 100000) { i + j > 0 } }',
  'matches large texts': `p := count([1 | some i in numbers.range(1, 1000000); regex.match("^(a+)+$", x)]) if x := concat("", [sprintf("%01000d", [1]) | some i in numbers.range(1, 1000)])`,
  'splits large texts': `p := count([1 | some i in numbers.range(1, 100000); count(split(x, "")) > 0]) if x := concat("", [sprintf("%01000d", [1]) | some i in numbers.range(1, 1000)])`,
  'sorts a lot':
    'p := count([1 | some i in numbers.range(1, 100000); count(sort(x)) > 0]) if x := numbers.range(1, 100000)',
  'unites a lot':
    'p := count([1 | some i in numbers.range(1, 100000); count(x | {i}) > 0]) if x := {j | some j in numbers.range(1, 100000)}',
  'patches a lot':
    'p := count([1 | some i in numbers.range(1, 100000); json.patch(x, [{"op": "add", "path": "/0", "value": i}])[0] > 0]) if x := numbers.range(1, 100000)',
  'walks a lot':
    'p := count([1 | some i in numbers.range(1, 100000); walk(x, [_, 5])]) if x := numbers.range(1, 10000)',
};

/** A chain of 40 rules, each made of the one before by an expression in which `%` stands for it. */
function doubling(expression: string, start: string): string {
  const steps = Array.from({ length: 40 }, (_none, index) => {
    const made = expression.replaceAll(/%(?![sd0])/g, `x${index}`);
    return `x${index + 1} := ${made}`;
  });
  return ['p := x40', `x0 := ${start}`, ...steps].join('\n\n');
}
