// What the pages do beyond being read: a menu on narrow screens, a search, commands that can be copied, links to headings.
'use strict';

const menu = document.querySelector('.menu');
const navigation = document.getElementById('navigation');
menu.hidden = false;
navigation.toggleAttribute('data-closed', true);
menu.addEventListener('click', () => {
  const closed = navigation.toggleAttribute('data-closed');
  menu.setAttribute('aria-expanded', String(!closed));
});
navigation.querySelector('[aria-current]')?.scrollIntoView({ block: 'center' });
window.scrollTo(0, 0);

// Commands name the local stack; here they name the deployment whose page this is.
const here = new URL('..', new URL(document.querySelector('.brand').href) + '/').href.replace(/\/$/, '');
for (const code of document.querySelectorAll('.code code')) {
  const texts = document.createTreeWalker(code, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) texts.currentNode.data = texts.currentNode.data.replaceAll('http://127.0.0.1:8000', here);
}

for (const block of document.querySelectorAll('.code')) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'copy';
  button.textContent = 'Copy';
  button.setAttribute('aria-label', 'Copy this code');
  button.addEventListener('click', async () => {
    // A session shows its prompts; what is copied can be pasted.
    const shown = block.querySelector('code').textContent;
    const session = block.dataset.language === 'console';
    const lines = session
      ? shown
          .split('\n')
          .filter((line) => line.startsWith('$ '))
          .map((line) => line.slice(2))
      : [shown.trimEnd()];
    await navigator.clipboard.writeText(lines.join('\n'));
    button.textContent = 'Copied';
    button.toggleAttribute('data-done', true);
    setTimeout(() => {
      button.textContent = 'Copy';
      button.removeAttribute('data-done');
    }, 1500);
  });
  block.append(button);
}

for (const heading of document.querySelectorAll('main :is(h2, h3)[id]')) {
  const link = document.createElement('a');
  link.className = 'heading';
  link.href = `#${heading.id}`;
  link.textContent = '#';
  link.setAttribute('aria-label', `Link to ${heading.textContent}`);
  heading.append(link);
}

const field = document.getElementById('find');
const found = document.getElementById('found');
const said = document.querySelector('.search [role=status]');
const MOST_FOUND = 12;
let headings;

/** Every heading as what is searched in, where it is, and how it is shown. */
function listed(pages) {
  return Object.entries(pages).flatMap(([slug, [title, ...sections]]) => {
    const page = slug === 'index' ? field.dataset.front : `${field.dataset.pages}${slug}`;
    return [
      { text: title, href: page, title, within: '' },
      ...sections.map(([anchor, text]) => ({
        text: `${text} ${title}`,
        href: `${page}#${anchor}`,
        title: text,
        within: title,
      })),
    ];
  });
}

async function search() {
  headings ??= listed(await (await fetch(field.dataset.headings)).json());
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  const fitting = headings.filter(({ text }) => words.every((word) => text.toLowerCase().includes(word)));
  const shown = words.length ? fitting.slice(0, MOST_FOUND) : [];
  found.replaceChildren(...shown.map(entry));
  found.hidden = shown.length === 0;
  said.textContent = words.length ? `${shown.length || 'No'} results` : '';
}

function entry({ href, title, within }) {
  const item = document.createElement('li');
  const link = item.appendChild(document.createElement('a'));
  link.href = href;
  link.textContent = title;
  if (within) link.appendChild(document.createElement('small')).textContent = within;
  return item;
}

/** Down and up go through what was found, Escape leaves it. */
function steer(event) {
  const places = [field, ...found.querySelectorAll('a')];
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    event.preventDefault();
    places[Math.max(0, Math.min(places.length - 1, places.indexOf(document.activeElement) + step))].focus();
  } else if (event.key === 'Escape') {
    found.hidden = true;
    field.focus();
  }
}

field.form.hidden = false;
field.addEventListener('input', search);
field.form.addEventListener('keydown', steer);
field.form.addEventListener('submit', (event) => {
  event.preventDefault();
  found.querySelector('a')?.click();
});
document.addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.target.closest('input, select, textarea')) return;
  event.preventDefault();
  field.focus();
});
document.addEventListener('click', (event) => {
  if (!field.form.contains(event.target)) found.hidden = true;
});
