import { fireEvent, render, screen } from "@testing-library/preact";
import { expect, test, vi } from "vitest";
import { lazy } from "./lazy";

test("shows the component once its code is there, and asks for it once", async () => {
  const load = vi.fn(async () => ({ name }: { name: string }) => <p>hello {name}</p>);
  const Greeting = lazy(load);
  Greeting.prefetch();
  render(<Greeting name="a" />);
  expect(screen.getByRole("status", { name: "Loading" })).toBeTruthy();
  expect(await screen.findByText("hello a")).toBeTruthy();
  render(<Greeting name="b" />);
  expect(screen.getByText("hello b")).toBeTruthy();
  expect(load).toHaveBeenCalledTimes(1);
});

test("code that does not load is said, and asked for again", async () => {
  let isBroken = true;
  const Part = lazy(async () => {
    if (isBroken) throw new Error("no such file");
    return () => <p>there</p>;
  });
  render(<Part />);
  expect(await screen.findByText("no such file")).toBeTruthy();
  isBroken = false;
  fireEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByText("there")).toBeTruthy();
});
