interface Named {
  readonly Name: string;
}

/** Lists of fewer members are searched without an index. */
const INDEXED_MIN = 8;
const INDEXES = new WeakMap<readonly Named[], ReadonlyMap<string, Named>>();

function indexOf(list: readonly Named[]): ReadonlyMap<string, Named> {
  const known = INDEXES.get(list);
  if (known !== undefined) return known;
  const index = new Map<string, Named>();
  for (const member of list) if (!index.has(member.Name)) index.set(member.Name, member);
  INDEXES.set(list, index);
  return index;
}

/** The first member of a list, which does not change any more, that has a name. */
export function indexed<Member extends Named>(list: readonly Member[], name: string): Member | undefined {
  if (list.length < INDEXED_MIN) return list.find((member) => member.Name === name);
  return indexOf(list).get(name) as Member | undefined;
}
