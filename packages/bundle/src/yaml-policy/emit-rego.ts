import { type EmittedRule, emitConditions, pathText } from './emit-conditions.ts';
import { bandsOf, denialsOf, rulesOf, type Who, whoName, type YamlDenial, type YamlRule } from './rules.ts';
import type { YamlPolicy } from './schema.ts';

const quote = (text: string): string => JSON.stringify(text);

/** What is written for a policy: a module, and the figures that it reads. */
export interface EmittedPolicy {
  readonly module: string;
  /** `data.NAME.parameters`: by rule; a figure that changes recompiles nothing. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** Where in the source a rule stands, for comments. */
export type RowOf = (path: readonly PropertyKey[]) => number;

/** Writes the module: the rules one by one, and below them what is the same for every policy. */
export function emitRego(policy: YamlPolicy, name: string, file: string, rowOf: RowOf): EmittedPolicy {
  const rules = rulesOf(policy);
  const emitted = rules.map((rule, index) => emitConditions(rule, index + 1));
  const blocks = rules.map((rule, index) => emitRule(rule, emitted[index]!, `${file}:${rowOf(rule.path)}`));
  const denials = denialsOf(policy).map((denial) => emitDenial(denial, `${file}:${rowOf(denial.path)}`));
  const module = [
    comment(`Made by \`writ yaml build\` from ${file}. Change that file and build again.`),
    `package ${name}`,
    '',
    `import data.${name}.parameters`,
    '',
    ...[...denials, ...blocks].flatMap((block) => [block, '']),
    COMMON,
    ...(rules.some(({ target }) => target.kind === 'model') ? ['', 'model_decision := decision'] : []),
  ].join('\n');
  const parameters = Object.fromEntries(
    rules.map(({ id }, index) => [id, { ...emitted[index]!.parameters, ...targetParameters(rules[index]!) }]),
  );
  return { module: `${module}\n`, parameters };
}

function emitRule(rule: YamlRule, emitted: EmittedRule, place: string): string {
  const id = quote(rule.id);
  const head = comment(`${whoName(rule.who)} may use ${targetName(rule)} (${place})`);
  const applies = `applies contains ${id} if {\n${[...whoBody(rule.who), ...targetBody(rule)].map((line) => `\t${line}`).join('\n')}\n}`;
  const reason = `reasons[${id}] := ${quote(bandsOf(rule.conditions) === undefined ? 'allowed' : 'within_limit')}`;
  return [`${head}\n${applies}`, reason, ...emitted.helpers, ...emitted.lines, ...redactions(rule)].join(
    '\n\n',
  );
}

/** Names come from the author's text: none may end the line, after which it would be code. */
export function comment(text: string): string {
  return `# ${text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')}`;
}

function targetName({ target }: YamlRule): string {
  if (target.kind === 'model') return `models of ${target.model.provider}`;
  return target.tool.name ?? 'every tool';
}

function whoBody(who: Who): string[] {
  if (who.kind === 'agent') return [`input.actor.id == ${quote(who.id)}`];
  return who.kind === 'class' ? [`input.actor["class"] == ${quote(who.name)}`] : ['input.actor.id'];
}

function targetBody({ id, target }: YamlRule): string[] {
  const figures = `parameters[${quote(id)}]`;
  if (target.kind === 'model') {
    const { provider, models, regions } = target.model;
    return [
      'input.action.type == "model_inference"',
      `input.action.provider == ${quote(provider)}`,
      ...(models === undefined
        ? []
        : [`some pattern in ${figures}.models`, 'glob.match(pattern, [], input.action.model)']),
      ...(regions === undefined ? [] : [`input.action.region in ${figures}.regions`]),
    ];
  }
  const { name, server, actions } = target.tool;
  return [
    'input.action.type == "tool_call"',
    name === undefined ? 'input.action.tool' : `input.action.tool == ${quote(name)}`,
    ...(server === undefined ? [] : [`input.action.server == ${quote(server)}`]),
    ...(actions === undefined ? [] : [`input.action.operation in ${figures}.actions`]),
  ];
}

function targetParameters({ target }: YamlRule): Record<string, unknown> {
  const { models, regions, actions } = {
    models: undefined,
    regions: undefined,
    actions: undefined,
    ...(target.kind === 'model' ? target.model : target.tool),
  };
  return {
    ...(models === undefined ? {} : { models }),
    ...(regions === undefined ? {} : { regions }),
    ...(actions === undefined ? {} : { actions }),
  };
}

/** Only what is there is redacted: an answer that asks for more than it changes would never come to rest. */
function redactions({ id, target }: YamlRule): string[] {
  if (target.kind === 'model') return [];
  return (target.tool.sanitize ?? []).map(({ field, replacement }) => {
    const properties = [
      `"pointers": [${quote(field)}]`,
      ...(replacement === undefined ? [] : [`"replacement": ${quote(replacement)}`]),
    ];
    return `redactions[${quote(id)}] contains {${properties.join(', ')}} if present(${pathText(field)})`;
  });
}

function emitDenial({ who, tool, reason, remediation }: YamlDenial, place: string): string {
  const fields = [
    '"outcome": "deny"',
    `"reason": ${quote(reason)}`,
    ...(remediation === undefined ? [] : [`"remediation": ${quote(remediation)}`]),
  ];
  const body = [...whoBody(who), `input.action.tool == ${quote(tool)}`].map((line) => `\t${line}`);
  return `${comment(`${whoName(who)} may never use ${tool} (${place})`)}\ndenied contains {${fields.join(', ')}} if {\n${body.join('\n')}\n}`;
}

/** The same for every policy; also what makes each set known where no rule speaks of it. */
const COMMON = `# What the policy says of a call. Of several answers the strictest holds.
decision contains denied[_]

decision contains answer if {
	count(denied) == 0
	count(applies) == 0
	answer := {"outcome": "deny", "reason": "not_allowed", "message": "no rule allows this to this agent"}
}

decision contains answer if {
	count(denied) == 0
	count(granted) == 0
	some id in applies
	some objection in objections[id]
	answer := {
		"outcome": "deny",
		"reason": objection.code,
		"message": objection.message,
		"remediation": object.get(objection, "remediation", "choose a different action"),
	}
}

decision contains {"outcome": "allow", "reason": reasons[id]} if {
	count(denied) == 0
	some id in free
}

decision contains {"outcome": "escalate", "reason": question.code, "message": question.message} if {
	count(denied) == 0
	count(free) == 0
	some id in granted
	some question in questions[id]
}

decision contains answer if {
	count(denied) == 0
	count(free) == 0
	some id in granted
	some challenge in challenges[id]
	answer := {
		"outcome": "step_up",
		"reason": challenge.code,
		"message": challenge.message,
		"step_up_method": parameters[id].step_up[0],
	}
}

decision contains answer if {
	count(denied) == 0
	some id in granted
	some properties in redactions[id]
	answer := {
		"outcome": "sanitize",
		"reason": "fields_redacted",
		"obligations": [{"type": "redact", "properties": properties}],
	}
}

# Rules that apply, and that nothing speaks against.
granted contains id if {
	some id in applies
	count(object.get(objections, id, set())) == 0
}

# Those among them that ask nobody.
free contains id if {
	some id in granted
	count(object.get(questions, id, set())) == 0
	count(object.get(challenges, id, set())) == 0
}

denied contains "" if false

applies contains "" if false

reasons[""] := "" if false

objections[""] contains "" if false

questions[""] contains "" if false

challenges[""] contains "" if false

redactions[""] contains "" if false

# The value of an argument; what is null is not there.
argument(path) := value if {
	value := object.get(input.action.args, path, null)
	value != null
}

present(path) if object.get(input.action.args, path, null) != null

# A figure of a rule; nothing but a number is one.
figure(id, name) := value if {
	value := parameters[id][name]
	is_number(value)
}

host_allowed(id) if {
	some pattern in parameters[id].hosts
	host_matches(lower(input.action.destination.host), pattern)
}

host_matches(host, pattern) if host == pattern

host_matches(host, pattern) if {
	startswith(pattern, "*.")
	endswith(host, substring(pattern, 1, -1))
}

classes_allowed(id) if {
	known := parameters[id].data_classes
	is_array(known)
	every class in input.action.data_classes_referenced {
		class in known
	}
}

same_tenant if {
	count(input.action.resources) > 0
	every resource in input.action.resources {
		resource.tenant == input.principal.tenant
	}
}

has_scopes(id) if {
	scopes := parameters[id].scopes
	is_array(scopes)
	count(scopes) > 0
	every scope in scopes {
		scope in input.principal.scopes
	}
}

in_group(id) if {
	some group in input.principal.groups
	group in parameters[id].groups
}

within_calls(id) if input.context.request_count < figure(id, "calls_per_session")

stepped_up if input.context.step_up_verified == true`;
