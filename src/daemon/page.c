#include "daemon/page.h"

#include <openssl/evp.h>
#include <stdio.h>

enum { SHA256_SIZE = 32, HASH_TEXT = 48 };

static struct slice text_of(const unsigned char *bytes)
{
    return slice_cstr((const char *)bytes);
}

/* The hash by which a policy names what stands between two tags (CSP Level 3, section 2.3.1). */
static bool hash_text(struct slice text, char out[HASH_TEXT])
{
    unsigned char digest[SHA256_SIZE];

    if (EVP_Digest(text.ptr, text.len, digest, NULL, EVP_sha256(), NULL) != 1)
        return false;
    EVP_EncodeBlock((unsigned char *)out, digest, sizeof(digest));
    return true;
}

/* Appends what comes before the mark, and `text` in place of it; *rest is what comes after. */
static void put(struct buffer *html, const char **rest, const char *mark, struct slice text)
{
    const char *at = strstr(*rest, mark);

    buffer_append(html, slice_of(*rest, (size_t)(at - *rest)));
    buffer_append(html, text);
    *rest = at + strlen(mark);
}

enum sg_status page_make(struct page *page, struct sg_error *err)
{
    char style[HASH_TEXT], script[HASH_TEXT];
    const char *rest = (const char *)page_html;

    put(&page->html, &rest, "@style@", text_of(page_css));
    put(&page->html, &rest, "@script@", text_of(page_js));
    buffer_append(&page->html, slice_cstr(rest));
    if (page->html.failed || !hash_text(text_of(page_css), style) || !hash_text(text_of(page_js), script))
        return sg_fail(err, SG_NO_MEMORY, "the status page: out of memory");
    snprintf(page->policy, sizeof(page->policy),
             "default-src 'none'; script-src 'sha256-%s'; style-src 'sha256-%s'; connect-src 'self'; img-src "
             "data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
             script, style);
    return SG_OK;
}

void page_free(struct page *page)
{
    buffer_free(&page->html);
}
