interface Entry<Rule> {
  rule: Rule;
  /** Uses until the other form is asked for. */
  left: number;
}

/**
 * Makes each rule of a group when it is first needed: plainly, and after `warmUses` uses in another form, where
 * there is one. What is costly to make is so made for the rules that decisions keep coming back to.
 */
export function warmRules<Rule>(
  warmUses: number,
  plain: (position: number) => Rule,
  other: (position: number) => Rule | undefined,
): (position: number) => Rule {
  const entries: (Entry<Rule> | undefined)[] = [];
  const add = (position: number): Entry<Rule> => {
    const rule = warmUses === 0 ? (other(position) ?? plain(position)) : plain(position);
    const entry = { rule, left: warmUses };
    entries[position] = entry;
    return entry;
  };
  return (position) => {
    const entry = entries[position] ?? add(position);
    if (entry.left > 0) {
      entry.left -= 1;
      if (entry.left === 0) entry.rule = other(position) ?? entry.rule;
    }
    return entry.rule;
  };
}
