// Every answer of the API, and every body that was taken, against the OpenAPI document that the service itself gives.
import assert from 'node:assert/strict';
import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

/** Returns `check(method, path, status, json, body)`, which throws where the document says something else. */
export function checkerOf(document) {
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats(ajv);
  ajv.addSchema(document, 'openapi');
  const paths = Object.entries(document.paths).map(([path, operations]) => [
    new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`),
    operations,
    path,
  ]);
  // A fixed path is meant where one with a hole would fit as well.
  paths.sort((a, b) => a[2].includes('{') - b[2].includes('{'));
  const validatorOf = (schema) => {
    const name = schema.$ref?.split('/').at(-1);
    return name ? ajv.getSchema(`openapi#/components/schemas/${name}`) : ajv.compile(schema);
  };
  const conforms = (schema, value, what) => {
    const validate = validatorOf(schema);
    assert.ok(
      validate(value),
      `${what}: ${JSON.stringify(validate.errors)}\n${JSON.stringify(value)}`,
    );
  };
  return (method, at, status, json, body) => {
    const path = at.replace(/\?.*/, '');
    const operation = paths.find(([pattern, operations]) => {
      return pattern.test(path) && operations[method.toLowerCase()];
    })?.[1][method.toLowerCase()];
    if (!operation || json === undefined) return;
    const response = operation.responses[status] ?? operation.responses.default;
    const what = `${method} ${path} ${status}`;
    if (status < 400) {
      assert.ok(operation.responses[status], `${what} is not in the document`);
      const asked = operation.requestBody?.content['application/json'];
      // A batch is taken though some of it is refused.
      if (asked && typeof body === 'object' && !json.refused?.length)
        conforms(asked.schema, body, `body of ${what}`);
    }
    // A refusal in the route's own words or a problem; every other answer has one form.
    const forms = Object.values(response.content ?? {}).map(({ schema }) => schema);
    if (forms.length > 0) {
      conforms(forms.find((schema) => validatorOf(schema)(json)) ?? forms[0], json, what);
    }
  };
}
