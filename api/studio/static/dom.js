// Small words for building the page. Text is only ever set as text: nothing here parses HTML.

export const find = (selector, root = document) => root.querySelector(selector);

export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export function showNotice(title, detail) {
  const notice = make(
    "div",
    { className: "notice", role: "alert" },
    make("div", {}, make("strong", { textContent: title }), detail ?? ""),
    make("button", { type: "button", ariaLabel: "Dismiss", textContent: "×", onclick: () => notice.remove() }),
  );
  find("#notices").replaceChildren(notice);
}

export const clearNotices = () => find("#notices").replaceChildren();
