/** Something in a definition that a person should look at before it is approved. */
export interface Finding {
  readonly kind: 'hidden_characters' | 'confusable_letters' | 'addressed_to_model' | 'names_other_tool';
  /** Where, as a JSON Pointer into the definition. */
  readonly pointer: string;
  /** What was found, printable. */
  readonly evidence: string;
}

/**
 * Characters that people do not see and models read: controls, zero width, direction, tags, fillers. What makes an emoji
 * of several (a joiner, a variation selector) is left out.
 */
const HIDDEN =
  /(?!\n|\r|\t|\ufe0e|\ufe0f)(?!(?<=\p{Extended_Pictographic}\ufe0f?)\u200d)[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/u;

/** One word in which Latin letters stand beside those of Cyrillic, Greek, Armenian or Cherokee that look like them. */
const CONFUSABLE =
  /(?=[\p{L}\p{M}]*\p{Script=Latin})(?=[\p{L}\p{M}]*[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}])[\p{L}\p{M}]+/u;

/** Ways in which descriptions were seen to speak to the model in place of describing the tool. */
const ADDRESSED: readonly RegExp[] = [
  /\b(?:ignore|disregard|forget|override)\b[^.\n]{0,40}\b(?:instructions?|prompts?|rules|context|guidelines)\b/i,
  /\b(?:do not|don't|never|without)\b[^.\n]{0,30}\b(?:tell|telling|mention|mentioning|inform|informing|notify|notifying|reveal|show)\b[^.\n]{0,30}\buser\b/i,
  /<\/?\s*(?:important|system|instructions?|secret|admin|critical)\b[^>]{0,40}>/i,
  /\b(?:before|after|when|prior to)\b[^.\n]{0,20}\b(?:using|calling|invoking)\b[^.\n]{0,60}\b(?:you (?:must|should|need)|always|first|read|send|call|pass)\b/i,
  /\[(?:system|inst)\]|^\s*system(?: note| notice| message| hint)?\s*:/im,
  /\b(?:note|notice|message|instructions?|important)\b[^.\n]{0,20}\b(?:to|for)\b[^.\n]{0,12}\b(?:bot|assistant|model|llm|ai agents?|ai assistants?|ai systems?|any ai)\b/i,
  /\bdecode\b[^.\n]{0,40}\b(?:do|follow|execute|run)\b[^.\n]{0,20}\b(?:it|what|this)\b/i,
  /\b(?:before|after) you (?:answer|reply|respond|continue)\b/i,
  /\b(?:system prompt|previous instructions|you are now|as an ai|hidden instructions?)\b/i,
  /(?:~\/\.|\/etc\/|\bid_rsa\b|\.env\b|\.ssh\b|\bapi[_ -]?keys?\b)[^.\n]{0,80}\b(?:pass|send|include|append|provide|content)/i,
  /\b(?:pass|send|include|append|provide)\b[^.\n]{0,80}(?:~\/\.|\/etc\/|\bid_rsa\b|\.ssh\b|\b(?:conversation|chat) history\b|\bsystem prompt\b)/i,
];

const EVIDENCE_LENGTH_MAX = 120;

/**
 * Looks at every text of a definition as clients see it. `others` are names of other servers' tools: a description that speaks of one may
 * mean to change how it is used. These are signs and not proof: what is not found here can still be poisoned.
 */
export function definitionFindings(definition: object, others: readonly string[] = []): readonly Finding[] {
  return textsOf(definition, '').flatMap(({ pointer, text }) => {
    const found: Finding[] = [];
    const note = (kind: Finding['kind'], match: RegExpExecArray | null) => {
      if (match !== null) found.push({ kind, pointer, evidence: printable(match[0]) });
    };
    note('hidden_characters', HIDDEN.exec(text));
    note('confusable_letters', CONFUSABLE.exec(text));
    note('addressed_to_model', firstMatch(text));
    const other = others.find((name) => pointer !== '/name' && namesTool(text, name));
    if (other !== undefined) found.push({ kind: 'names_other_tool', pointer, evidence: printable(other) });
    return found;
  });
}

function firstMatch(text: string): RegExpExecArray | null {
  for (const pattern of ADDRESSED) {
    const match = pattern.exec(text);
    if (match !== null) return match;
  }
  return null;
}

/** A name of one plain word (`search`) stands in honest descriptions too: only compound names count. */
function namesTool(text: string, name: string): boolean {
  return /[_.-]|[a-z][A-Z]/.test(name) && text.split(/[^\p{L}\p{N}_.-]+/u).includes(name);
}

/** Text as it can be shown on a terminal: what is hidden as its code point. */
export function printable(text: string): string {
  const seen = text.replace(new RegExp(HIDDEN.source, 'gu'), (each) => {
    const point = each.codePointAt(0) ?? 0;
    return `\\u{${point.toString(16)}}`;
  });
  return seen.length <= EVIDENCE_LENGTH_MAX ? seen : `${seen.slice(0, EVIDENCE_LENGTH_MAX)}…`;
}

interface Placed {
  readonly pointer: string;
  readonly text: string;
}

/** Every text in it, keys of objects too: a model reads the names of parameters. */
function textsOf(value: unknown, pointer: string): readonly Placed[] {
  if (typeof value === 'string') return [{ pointer, text: value }];
  if (Array.isArray(value)) return value.flatMap((each, index) => textsOf(each, `${pointer}/${index}`));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => {
    const at = `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    return [...(pointer === '' ? [] : [{ pointer: at, text: key }]), ...textsOf(each, at)];
  });
}
