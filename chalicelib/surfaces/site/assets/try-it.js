// The console: the description of one API at a time, in Swagger UI.
'use strict';

const place = document.getElementById('console');
const choice = document.getElementById('api');

/** A description without the texts that the other pages have, whose requests go to this deployment. */
function tried(description, root) {
  const { summary, description: text, ...info } = description.info;
  const { webhooks, ...rest } = description;
  return { ...rest, info, servers: [{ url: root.replace(/\/$/, '') }] };
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
    spec: tried(await answer.json(), new URL('..', descriptions).href),
    layout: 'BaseLayout',
    presets: [SwaggerUIBundle.presets.apis],
    deepLinking: true,
    validatorUrl: null,
    tryItOutEnabled: true,
    displayRequestDuration: true,
    defaultModelsExpandDepth: -1,
  });
}

const night = window.matchMedia('(prefers-color-scheme: dark)');
const dress = () => document.documentElement.classList.toggle('dark-mode', night.matches);
night.addEventListener('change', dress);
dress();
start().catch((error) => {
  place.textContent = `The description could not be read: ${error.message}`;
});
