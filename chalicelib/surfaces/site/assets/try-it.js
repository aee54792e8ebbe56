// The console: the description of one API at a time, in Swagger UI.
'use strict';

const place = document.getElementById('console');
const choice = document.getElementById('api');

/** A layout of the requests alone, under the headings of this page. A summary is a button: no link may stand in it. */
const parts = ({ React: { createElement } }) => ({
  components: {
    Console({ getComponent }) {
      const part = (name) => createElement(getComponent(name, true));
      return createElement(
        'div',
        { className: 'swagger-ui' },
        ...['errors', 'AuthorizeBtnContainer', 'operations'].map(part),
      );
    },
    DeepLink: ({ text }) => createElement('span', null, text),
  },
});

/** A description as the console takes it: without what the other pages have, and asked of this deployment. */
function tried(description, root) {
  // Parameters of a whole path would be shown without their names when they point elsewhere.
  const paths = mapped(description.paths, ({ parameters = [], ...operations }) =>
    mapped(operations, (told) => operation(told, parameters)),
  );
  const schemes = { ...description.components.securitySchemes };
  for (const [key, { type, flows }] of Object.entries(schemes)) {
    if (type !== 'oauth2') continue;
    for (const flow of Object.values(flows)) flow.tokenUrl = root + flow.tokenUrl;
    schemes[`${key}OfMine`] = { type: 'http', scheme: 'bearer', description: 'A token that you have already.' };
  }
  return {
    openapi: description.openapi,
    info: { title: description.info.title, version: description.info.version },
    servers: [{ url: root }],
    tags: description.tags,
    paths,
    components: {
      ...description.components,
      parameters: mapped(description.components.parameters, blank),
      securitySchemes: schemes,
    },
  };
}

/** A parameter whose example is not sent unasked: it is left out where it may be. */
function blank({ example, ...parameter }) {
  return parameter.required ? { example, ...parameter } : parameter;
}

function mapped(entries, change) {
  return Object.fromEntries(Object.entries(entries ?? {}).map(([key, value]) => [key, change(value)]));
}

function operation(told, shared) {
  const ways = told.security.flatMap((way) => ('accessToken' in way ? [way, { accessTokenOfMine: [] }] : [way]));
  return { ...told, security: ways, parameters: [...shared, ...(told.parameters ?? [])].map(blank) };
}

async function start() {
  const wanted = new URLSearchParams(location.search).get('api');
  if ([...choice.options].some(({ value }) => value === wanted)) choice.value = wanted;
  choice.addEventListener('change', () => location.assign(`?api=${choice.value}`));
  const descriptions = new URL(place.dataset.descriptions, location.href);
  const answer = await fetch(new URL(`${choice.value}.json`, descriptions));
  if (!answer.ok) throw new Error(`${answer.url} answered ${answer.status}`);
  SwaggerUIBundle({
    domNode: place,
    spec: tried(await answer.json(), new URL('..', descriptions).href.replace(/\/$/, '')),
    layout: 'Console',
    presets: [SwaggerUIBundle.presets.apis],
    plugins: [parts],
    deepLinking: true,
    validatorUrl: null,
    tryItOutEnabled: true,
    displayRequestDuration: true,
    defaultModelsExpandDepth: -1,
    syntaxHighlight: { activated: false },
  });
}

/** Names for what has none, so that everybody learns what a field is for. */
const NAMES = [
  ['tr[data-param-name] :is(input, select, textarea)', (field) => field.closest('tr').dataset.paramName],
  ['.opblock-section-request-body textarea', () => 'Body'],
  ['.examples-select-element', () => 'Example'],
  ['.content-type', () => 'Media type'],
  ['.close-modal', () => 'Close'],
  [
    '.auth-btn-wrapper .authorize',
    (button) => `${button.textContent}: ${button.closest('.auth-container').querySelector('h4').textContent}`,
  ],
];

/** Names, levels of headings that fit, and a way for the keyboard to what scrolls. */
function amend() {
  for (const [found, named] of NAMES) {
    for (const each of place.querySelectorAll(found)) {
      const text = named(each).trim();
      if (each.getAttribute('aria-label') !== text) each.setAttribute('aria-label', text);
    }
  }
  for (const heading of place.querySelectorAll('.scopes h2')) heading.setAttribute('aria-level', '5');
  for (const block of place.querySelectorAll('pre')) block.tabIndex = 0;
}

new MutationObserver(amend).observe(place, { childList: true, subtree: true });
start().catch((error) => {
  place.textContent = `The description could not be read: ${error.message}`;
});
