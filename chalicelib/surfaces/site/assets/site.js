// What the pages do beyond being read: a menu on narrow screens, commands that can be copied, links to headings.
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
