import type { JsonSchema } from '@parley/protocol'
import type { OpenApiDocument } from '../openapi/document.ts'
import type { Operation, Parameter } from '../openapi/operation.ts'
import { apiPageStyle } from './style.ts'

/** A page that lists all operations, with a form to try each of them. */
export function apiPage(document: OpenApiDocument, path: string): string {
  const operations = Object.entries(document.paths).flatMap(([place, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      place,
      method: method.toUpperCase(),
      operation,
    })),
  )
  const prefix = document.servers[0]?.url ?? ''
  const sections = document.tags.map(({ name, description }) => {
    const own = operations.filter(({ operation }) => operation.tags.includes(name))
    if (own.length === 0) return ''
    const listed = own.map((one) => operationHtml(one.operation, { ...one, document, prefix }))
    return `<section id="${html(name)}"><h2>${html(name)}</h2><p class="muted">${html(description)}</p>${listed.join('')}</section>`
  })
  const links = document.tags.map(({ name }) => `<li><a href="#${html(name)}">${html(name)}</a></li>`)
  const title = html(`${document.info.title} API`)
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title><style>${apiPageStyle}</style><script src="${html(path)}/page.js" defer></script></head>
<body><header><h1>${title}</h1><p class="muted">Version ${html(document.info.version)} ·
<a href="/openapi.json">OpenAPI 3.1 (JSON)</a> · <a href="/openapi.yaml">OpenAPI 3.0 (YAML)</a></p>
${paragraphs(document.info.description)}
<label for="credentials">Credentials for trying: a token, or an app key as <code>keyId:secret</code></label>
<input id="credentials" type="password" autocomplete="off"></header>
<nav aria-label="Modules"><ul>${links.join('')}</ul></nav><main>${sections.join('')}</main></body></html>
`
}

interface Place {
  readonly place: string
  readonly method: string
  readonly document: OpenApiDocument
  readonly prefix: string
}

function operationHtml(operation: Operation, { place, method, document, prefix }: Place): string {
  const parameters = operation.parameters.map((parameter) => resolve(parameter, document))
  const body = operation.requestBody?.content['application/json']
  const rows = parameters.map((parameter) => parameterRow(parameter, document))
  const answers = Object.entries(operation.responses).map(
    ([status, answer]) =>
      `<tr><th scope="row">${html(status)}</th><td>${paragraphs((answer as { description: string }).description)}</td></tr>`,
  )
  return `<details id="${html(operation.operationId)}"><summary><span class="method">${method}</span>
<span class="path">${html(place)}</span><span>${html(operation.summary)}</span></summary><div>
${paragraphs(operation.description)}
${rows.length === 0 ? '' : `<h3>Parameters</h3><table>${rows.join('')}</table>`}
${body === undefined ? '' : `<h3>Body</h3>${schemaHtml(body.schema, document)}`}
<h3>Answer</h3>${schemaHtml(successSchema(operation), document)}
<h3>Answers by status</h3><table>${answers.join('')}</table>
<h3>Try it</h3>${formHtml(parameters, { operation, method, path: prefix + place })}</div></details>`
}

function resolve(parameter: Parameter, document: OpenApiDocument): Parameter {
  const name = parameter.$ref?.replace('#/components/parameters/', '')
  const shared = document.components.parameters as Readonly<Record<string, Parameter>>
  return name === undefined ? parameter : (shared[name] ?? parameter)
}

function parameterRow(parameter: Parameter, document: OpenApiDocument): string {
  const schema = parameter.schema ?? parameter.content?.['application/json']?.schema ?? {}
  const facts = `${parameter.in}${parameter.required === true ? ', required' : ''}`
  return `<tr><th scope="row"><code>${html(parameter.name ?? '')}</code> <span class="muted">${facts}</span></th>
<td>${parameter.description === undefined ? '' : paragraphs(parameter.description)}${schemaHtml(schema, document)}</td></tr>`
}

function successSchema(operation: Operation): JsonSchema {
  const success = operation.responses['200'] as { content: Readonly<Record<string, { schema: JsonSchema }>> }
  return success.content['application/json']?.schema ?? {}
}

/** A schema as JSON, with the components that it names beside it; a short one in one line. */
function schemaHtml(schema: JsonSchema, { components }: OpenApiDocument): string {
  const short = JSON.stringify(schema)
  if (short.length <= 120) return short === '{}' ? '' : `<code>${html(short)}</code>`
  const text = JSON.stringify(schema, null, 2)
  const names = [
    ...new Set([...text.matchAll(/#\/components\/schemas\/([\w.-]+)/g)].map((match) => match[1] as string)),
  ]
  const named = names.map((name) => `${name}: ${JSON.stringify(components.schemas[name], null, 2)}`)
  return `<pre>${html([text, ...named].join('\n\n'))}</pre>`
}

interface FormParts {
  readonly operation: Operation
  readonly method: string
  readonly path: string
}

function formHtml(parameters: readonly Parameter[], { operation, method, path }: FormParts): string {
  const inputs = parameters.map(({ name = '', in: place = 'query', example, content }) => {
    const id = html(`${operation.operationId}.${name}`)
    const sample = example ?? content?.['application/json']?.example
    const value = sample === undefined ? '' : typeof sample === 'string' ? sample : JSON.stringify(sample)
    return `<label for="${id}">${html(name)}</label><input id="${id}" name="${html(name)}" data-in="${place}" value="${html(value)}">`
  })
  const body = operation.requestBody?.content['application/json']
  const id = html(`${operation.operationId}.body`)
  const text = html(JSON.stringify(body?.example ?? {}, null, 2))
  const area =
    body === undefined
      ? ''
      : `<label for="${id}">Body</label><textarea id="${id}" data-in="body">${text}</textarea>`
  return `<form data-method="${method}" data-path="${html(path)}">${inputs.join('')}${area}
<button type="submit">Send</button><output aria-live="polite"></output></form>`
}

/** Text with empty lines between paragraphs, `code` and **strong**. */
function paragraphs(text: string): string {
  const marked = html(text)
    .replace(/`([^`]+)`/g, '<code>$1</code>')
    .replace(/\*\*([^*]+)\*\*/g, '<strong>$1</strong>')
  return marked
    .split(/\n{2,}/)
    .map((part) => `<p>${part}</p>`)
    .join('')
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function html(text: string): string {
  return text.replace(/[&<>"']/g, (char) => entities[char] as string)
}
