/*
 * The status page: one HTML document with its style and its script in it, which are allowed by their hashes
 * alone; it asks /status.json for all that it shows. Made of the files in page/, whose bytes are compiled in.
 */
#ifndef SAGEGATE_DAEMON_PAGE_H
#define SAGEGATE_DAEMON_PAGE_H

#include "base/buffer.h"
#include "base/error.h"

struct page {
    struct buffer html;
    char policy[400]; /* its Content-Security-Policy */
};

/* SG_NO_MEMORY. */
enum sg_status page_make(struct page *page, struct sg_error *err);
void page_free(struct page *page);

/* The files of page/ of each kind, one after the other, with a NUL behind them. */
extern const unsigned char page_css[], page_html[], page_js[];

#endif
