type Attributes = Readonly<{ [name: string]: string | number }>;

/** The element of index.html with this ID. */
export function byId<T extends Element>(id: string, type: new () => T): T {
  const found = document.querySelector(`#${id}`);
  if (!(found instanceof type)) throw new Error(`the page has no ${id}`);
  return found;
}

export function html<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  set(element, attributes);
  element.append(...children);
  return element;
}

export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): SVGElementTagNameMap[K] {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  set(element, attributes);
  element.append(...children);
  return element;
}

export function set(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    const text = String(value);
    if (element.getAttribute(name) !== text) element.setAttribute(name, text);
  }
}

/** Text nodes are left as they are if nothing changes, so that what is selected stays selected. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** The children of an element, of which each stands for an item; they are kept from one time to the next. */
export class Children<Item, E extends Element> {
  readonly #parent: Element;
  readonly #make: (key: string) => E;
  readonly #known = new Map<string, E>();
  readonly #update: (element: E, item: Item) => void;

  constructor(parent: Element, make: (key: string) => E, update: (element: E, item: Item) => void) {
    this.#parent = parent;
    this.#make = make;
    this.#update = update;
  }

  show(items: readonly Item[], keyOf: (item: Item) => string): void {
    const wanted = new Map(items.map((item) => [keyOf(item), item]));
    for (const [key, element] of this.#known) {
      if (wanted.has(key)) continue;
      element.remove();
      this.#known.delete(key);
    }
    let place = this.#parent.firstElementChild;
    for (const [key, item] of wanted) {
      const element = this.#known.get(key) ?? this.#make(key);
      this.#known.set(key, element);
      this.#update(element, item);
      if (element === place) place = place.nextElementSibling;
      else this.#parent.insertBefore(element, place);
    }
  }
}
