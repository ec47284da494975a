import { Component, type ComponentType, createElement } from "preact";

/** Draws `Inner` again only when one of its properties is another: a graph has thousands of parts. */
export function memo<P extends object>(Inner: ComponentType<P>): ComponentType<P> {
  return class Memo extends Component<P> {
    override shouldComponentUpdate(next: P): boolean {
      const keys = new Set([...Object.keys(this.props), ...Object.keys(next)]) as Set<keyof P>;
      for (const key of keys) if (this.props[key] !== next[key]) return true;
      return false;
    }

    override render() {
      return createElement(Inner, this.props as P);
    }
  };
}
