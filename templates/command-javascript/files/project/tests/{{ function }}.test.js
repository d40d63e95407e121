// Tests of `{{ function }}`.

import assert from "node:assert/strict";
import test from "node:test";

import { {{ function }} } from "../src/{{ function }}.js";

test("the most frequent word is found", () => {
  assert.equal({{ function }}(["a", "b", "b", "c"]), "b");
});

test("of equally frequent words the first counts", () => {
  const word = {{ function }}(["b", "a", "a", "b"]);
  assert.equal(word, "b", `the first word is b, not ${word}`);
});

test("no words have no most frequent one", () => {
  assert.equal({{ function }}([]), undefined);
});

test("words may be called like what objects have", () => {
  assert.equal({{ function }}(["constructor", "constructor", "a"]), "constructor");
});
