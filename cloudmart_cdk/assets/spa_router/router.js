// CloudFront Function (JavaScript runtime 2.0), viewer request, default behaviour only: a path that names no
// file is a page of the single-page application, so the browser gets index.html and routes by itself.
// A custom error response would do that for every origin and turn an API's 404 into a page.

// Behaviours own `/api/*` and `/images/*`; without its slash the bare name falls through to here.
var ELSEWHERE = ['/api', '/images'];
// A file: its last segment ends in a dot and a word that starts with a letter. `/releases/1.5` is a page.
var FILE = /\.[A-Za-z][A-Za-z0-9]*$/;

function handler(event) {
    var request = event.request;
    var uri = request.uri;
    if (ELSEWHERE.indexOf(uri) !== -1) {
        return { statusCode: 404, statusDescription: 'Not Found' };
    }
    if (!FILE.test(uri) && uri.indexOf('/.well-known/') !== 0) {
        request.uri = '/index.html';
    }
    return request;
}
