/** The style of the page that `parley export --format html` writes. */
export const pageStyle = `
:root { color-scheme: light dark; --line: light-dark(#d0d4da, #3a4048); --dim: light-dark(#59616b, #a3acb8); --aside: light-dark(#fdf3d7, #3a3118); }
body { margin: 0; font: 16px/1.55 system-ui, sans-serif; color: light-dark(#1b1f24, #e6e9ee); background: light-dark(#fff, #15181c); }
main { max-width: 46rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.25rem; margin: 2.5rem 0 .25rem; }
.bar { position: sticky; top: 0; padding: .5rem 1rem; background: light-dark(#fff, #15181c); border-bottom: 1px solid var(--line); }
input { font: inherit; width: 12rem; max-width: 50vw; padding: .25rem .5rem; }
.about, .event, .target, time, .seq, output { color: var(--dim); font-size: .875rem; }
.seq { text-decoration: none; display: inline-block; min-width: 2rem; }
article { padding: .5rem .75rem; margin: .75rem 0; border-left: 4px solid var(--c); break-inside: avoid; scroll-margin-top: 4rem; }
article:target, .event:target { background: light-dark(#eef4ff, #1e2937); }
.m0 { --c: #2f6feb; } .m1 { --c: #b8860b; } .m2 { --c: #a13ca1; } .m3 { --c: #2d8a43; } .m4 { --c: #008a9c; } .m5 { --c: #c8412f; }
.aside { background: var(--aside); padding: 0 .35rem; font-size: .875rem; }
.text p { margin: .4rem 0; } .text .heading { font-weight: 700; } .raw { white-space: pre-wrap; }
.text blockquote { margin: .4rem 0; padding-inline-start: .75rem; border-inline-start: 3px solid var(--line); }
pre { overflow-x: auto; padding: .5rem .75rem; border: 1px solid var(--line); white-space: pre-wrap; } code { font: .875em/1.5 ui-monospace, monospace; }
.text table { border-collapse: collapse; } .text :is(th, td) { padding: .1rem .5rem; border: 1px solid var(--line); text-align: start; }
dt { font-weight: 600; } dd { margin: 0 0 .5rem 1rem; white-space: pre-wrap; }
[hidden] { display: none; }
@media print { .bar, nav { display: none; } body { color: #000; background: #fff; font-size: 11pt; } main { max-width: none; padding: 0; } section + section { break-before: page; } }
`;

/** Its script: shows only the messages that contain the words that are searched for. It builds no HTML. */
export const pageScript = `
const search = document.getElementById('search');
const found = document.getElementById('found');
const items = [...document.querySelectorAll('article, .event')].map((element) => ({ element, text: element.textContent.toLowerCase() }));
search.addEventListener('input', () => {
  const words = search.value.toLowerCase().split(/\\s+/).filter(Boolean);
  let shown = 0;
  for (const { element, text } of items) {
    const fits = words.every((word) => text.includes(word));
    element.hidden = !fits;
    if (fits) shown++;
  }
  for (const section of document.querySelectorAll('section'))
    section.hidden = words.length > 0 && !section.querySelector('article:not([hidden]), .event:not([hidden])');
  found.textContent = words.length > 0 ? shown + ' found' : '';
});
`;
