import { plain, renderEntry } from '../render.ts';
import type { NotedEntry } from './evidence-walk.ts';
import { FRAMEWORKS, type Framework } from './frameworks.ts';
import { UNKNOWN_REASONS } from './judge-entry.ts';
import type { EvidenceAnswer, EvidenceManifest } from './pack.ts';
import type { EvidenceQuestion } from './question.ts';

/** Entries told one by one in a summary; the rest is counted. */
const SENTENCES_MAX = 200;

/** A summary before it is set: sections of paragraphs and lists. */
export interface Summary {
  readonly title: string;
  readonly sections: readonly SummarySection[];
}
export interface SummarySection {
  readonly title: string;
  readonly paragraphs: readonly string[];
  readonly items: readonly string[];
}

/** Says in plain words what a pack shows and what it does not. The same for whoever makes and whoever verifies it. */
export function summarise(manifest: EvidenceManifest, noted: readonly NotedEntry[]): Summary {
  const { question, answer, origin, framework } = manifest;
  const controls = framework === undefined ? undefined : (FRAMEWORKS as Record<string, Framework>)[framework];
  return {
    title: 'Evidence from the record',
    sections: [
      { title: 'Question', paragraphs: [`${asked(question)}?`], items: [] },
      { title: 'Answer', paragraphs: [verdictSentence(question, answer)], items: [] },
      entriesSection('Calls that match', noted, 'match', answer.matches.total),
      entriesSection('Calls that cannot be excluded', noted, 'open', answer.open.total),
      {
        title: 'How every other entry is excluded',
        paragraphs: [
          `The record holds ${count(answer.entries, 'entry', 'entries')} of this time. Each stands in \`entries.ndjson\` with its position; ` +
            'no position is left out.',
        ],
        items: Object.entries(answer.excluded).map(([by, number]) => `${number}: ${EXCLUSIONS[by] ?? by}`),
      },
      policiesSection(answer),
      erasedSection(answer),
      proofSection(manifest),
      limitsSection(question, answer),
      ...(controls === undefined ? [] : [controlsSection(controls, answer)]),
      {
        title: 'How to check this',
        paragraphs: [
          `\`writ verify DIRECTORY --key FILE\` checks this pack offline, with nothing but the public key of the log \`${origin}\`. ` +
            'Get that key from somebody else than whoever gave you the pack.',
        ],
        items: [],
      },
    ],
  };
}

const EXCLUSIONS: Readonly<Record<string, string>> = {
  tenant: 'of another tenant',
  actor: 'of another agent',
  session: 'of another session',
  principal: 'on behalf of another principal',
  resources: 'for other resources, each named',
  kind: 'no call: steps of approval, activations of policy, starts and stops',
  list: 'only asked which tools may be seen',
  refused: 'refused, so that nothing was reached',
  decision: 'results of calls that are excluded themselves',
};

function asked(question: EvidenceQuestion): string {
  const { tenant, principal, actor, session, resource, from, to } = question;
  const who = actor === undefined ? 'any agent' : `the agent ${actor}`;
  const behalf = principal === undefined ? '' : ` on behalf of ${principal}`;
  const where = tenant === undefined ? '' : ` of tenant ${tenant}`;
  const during = session === undefined ? '' : ` in session ${session}`;
  const what = resource === undefined ? 'act' : `touch ${resourceText(resource)}`;
  return plain(`Did ${who}${behalf}${where}${during} ${what} from ${from} until ${to}`);
}

function resourceText({ id, type }: NonNullable<EvidenceQuestion['resource']>): string {
  return type === undefined ? `the resource ${id}` : `the ${type} ${id}`;
}

function verdictSentence(question: EvidenceQuestion, answer: EvidenceAnswer): string {
  const { verdict, matches, open, covered_to } = answer;
  const short = covered_to < question.to ? ` The record is shown to be whole until ${covered_to} only.` : '';
  const refused =
    matches.refused === 0
      ? ''
      : ` ${count(matches.refused, 'call', 'calls')} asked for it and ${matches.refused === 1 ? 'was' : 'were'} refused.`;
  switch (verdict) {
    case 'acted':
      return `Yes: ${count(matches.proceeded, 'call', 'calls')} proceeded.${refused}${short}`;
    case 'did_not_act':
      return `No call on record did.${refused} Every entry of this time is shown, and shown to be another.${short}`;
    case 'not_shown':
      return `No call is known to have, but ${count(open.total, 'call', 'calls')} cannot be excluded.${refused}${short}`;
  }
}

function entriesSection(
  title: string,
  noted: readonly NotedEntry[],
  kind: 'match' | 'open',
  total: number,
): SummarySection {
  const told = noted.filter(({ verdict }) => verdict.kind === kind).slice(0, SENTENCES_MAX);
  const more = total - told.length;
  return {
    title,
    paragraphs: total === 0 ? ['None.'] : [],
    items: [
      ...told.map((entry) => `Entry ${entry.index}: ${sentenceOf(entry)}`),
      ...(more > 0 ? [`and ${more} more, in \`entries.ndjson\``] : []),
    ],
  };
}

function sentenceOf({ index, leaf, disclosed, erased, verdict }: NotedEntry): string {
  const { time, trust, core } = leaf;
  // Code spans are ours: what an agent sent must not end or begin one.
  const sentence = renderEntry({ index, time, trust, core, fields: disclosed, erased }).replaceAll('`', "'");
  if (verdict.kind !== 'open') return sentence;
  return `${sentence} Not excluded: ${verdict.because.map((reason) => UNKNOWN_REASONS[reason]).join('; ')}.`;
}

function policiesSection({ bundles }: EvidenceAnswer): SummarySection {
  return {
    title: 'Policies in force',
    paragraphs: bundles.length === 0 ? ['No entry of this time was decided by a policy.'] : [],
    items: bundles.map(({ name, revision, digest, first, last }) =>
      plain(`${name}, revision ${revision}, ${digest}: entries ${first} to ${last}`),
    ),
  };
}

function erasedSection({ erased }: EvidenceAnswer): SummarySection {
  return {
    title: 'Erased fields',
    paragraphs:
      erased.total === 0
        ? ['None.']
        : ['Erased as the law asks; the record says so, and the proofs hold without them.'],
    items: erased.entries
      .slice(0, SENTENCES_MAX)
      .map(({ index, fields }) => `Entry ${index}: ${fields.join(', ')}`),
  };
}

function proofSection({ range, checkpoint, earlier, origin, answer }: EvidenceManifest): SummarySection {
  const size = checkpoint.split('\n')[1] ?? '';
  return {
    title: 'What proves it',
    paragraphs: [
      `Entries ${range.first} to ${range.end - 1} of the log \`${origin}\` stand in this pack without a gap, the one before and the one after ` +
        `the time included where there are any. With ${range.proof.length} hashes they give the root that is signed for all ${size} entries.`,
      `${count(earlier.length, 'earlier signed checkpoint is', 'earlier signed checkpoints are')} shown to be continued by it, so that nothing was put in or ` +
        'taken out between them.',
      answer.trust === 'cooperative'
        ? 'Trust: cooperative. The operating-system user of the agent could write the files of this log.'
        : "Trust: enforced. The log's owner was told that agents could not write its files.",
    ],
    items: [],
  };
}

function limitsSection({ resource }: EvidenceQuestion, { open, erased }: EvidenceAnswer): SummarySection {
  return {
    title: 'What this does not prove',
    paragraphs: [],
    items: [
      'Calls that never came to an enforcement point left no entry. `writ log reconcile` compares the record with the receipts that the points keep.',
      "Times are those of the log's clock, which never steps back. That it never did in the whole log, `writ log verify` shows on the log itself.",
      'An entry says what the enforcement point sent. A point that lies gets a true record of its lie.',
      ...(resource === undefined
        ? []
        : [
            "Resources are those that the registry finds in a call's arguments. A call for another resource through which this one can be reached counts as a call for that other one.",
          ]),
      `Calls that cannot be excluded: ${open.total}. Erased fields: ${erased.total}.`,
      'Whoever holds the signing key and the files could have written another log from its beginning. A checkpoint or cosignature that somebody else kept shows it: `--since`, `--seen`, `--witness`.',
    ],
  };
}

function controlsSection({ title, controls }: Framework, answer: EvidenceAnswer): SummarySection {
  return {
    title: `Controls: ${title}`,
    paragraphs: [
      'Which part of this pack bears on which control. Whether a control is met is for the assessor to judge.',
    ],
    items: controls.map(({ id, name, evidence }) => `${id} (${name}): ${evidence(answer)}`),
  };
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** The summary as Markdown. */
export function renderMarkdown({ title, sections }: Summary): string {
  const parts = sections.map(
    (section) =>
      `## ${section.title}\n\n${[
        ...section.paragraphs.map((text) => escapeMarkdown(text)),
        ...(section.items.length === 0
          ? []
          : [section.items.map((item) => `- ${escapeMarkdown(item)}`).join('\n')]),
      ].join('\n\n')}\n`,
  );
  return `# ${title}\n\n${parts.join('\n')}`;
}

/** The summary as one page for a browser or a printer: no script, nothing loaded. */
export function renderPage({ title, sections }: Summary): string {
  const parts = sections.map(
    (section) =>
      `<section>\n<h2>${escapeHtml(section.title)}</h2>\n${section.paragraphs.map((text) => `<p>${escapeHtml(text)}</p>\n`).join('')}` +
      `${section.items.length === 0 ? '' : `<ul>\n${section.items.map((item) => `<li>${escapeHtml(item)}</li>\n`).join('')}</ul>\n`}</section>`,
  );
  return (
    `<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>${escapeHtml(title)}</title>\n` +
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">\n` +
    `<style>${STYLE}</style>\n</head>\n<body>\n<h1>${escapeHtml(title)}</h1>\n${parts.join('\n')}\n</body>\n</html>\n`
  );
}

const STYLE =
  'body{font:12pt/1.5 serif;max-width:46rem;margin:2rem auto;padding:0 1rem}h1,h2{font-family:sans-serif;line-height:1.2}' +
  'li{overflow-wrap:anywhere}section{break-inside:avoid-page}@media print{body{margin:0;max-width:none}}';

/** Names and arguments come from agents: they must not become headings, links or markup. Code spans are ours. */
function escapeMarkdown(text: string): string {
  return text.replace(/[\\*_{}[\]<>#|!]/g, (character) => `\\${character}`);
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"'`]/g, (character) => HTML_ESCAPES[character] ?? character);
}

const HTML_ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};
