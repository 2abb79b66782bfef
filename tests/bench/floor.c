/*
 * The least that a proxy of large bodies can do: take bytes from one loopback connection, hash them with
 * SHA-256, encrypt them as records of 16 KiB with AES-128-GCM, and put them on another. Prints the CPU
 * microseconds that a MiB costs it.
 */
#include <arpa/inet.h>
#include <err.h>
#include <openssl/evp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MIB = 1024 * 1024, TOTAL = 1024, BLOCK = 256 * 1024, RECORD = 16 * 1024, OVERHEAD = 5 + 1 + 16 };

static void tcp_pair(int pair[2])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    pair[0] = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, len) != 0 || listen(listener, 1) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &len) != 0 ||
        connect(pair[0], (struct sockaddr *)&address, len) != 0)
        err(1, "loopback");
    pair[1] = accept(listener, NULL, NULL);
    close(listener);
}

static pid_t start(void (*run)(int fd), int fd, int other)
{
    pid_t pid = fork();

    if (pid == 0) {
        close(other);
        run(fd);
        _exit(0);
    }
    close(fd);
    return pid;
}

static void fill(int fd)
{
    static char block[BLOCK];

    for (size_t sent = 0; sent < (size_t)TOTAL * MIB;) {
        ssize_t n = write(fd, block, sizeof(block));

        if (n <= 0)
            err(1, "write");
        sent += (size_t)n;
    }
}

static void drain(int fd)
{
    static char block[BLOCK];

    while (read(fd, block, sizeof(block)) > 0)
        ;
}

static void put(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);

        if (n <= 0)
            err(1, "write");
        data += n;
        len -= (size_t)n;
    }
}

static void pass(int from, int to)
{
    static char in[BLOCK], out[RECORD + OVERHEAD];
    unsigned char key[16] = {1}, nonce[12] = {2};
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    ssize_t n;
    int len;

    EVP_DigestInit_ex(hash, EVP_sha256(), NULL);
    EVP_EncryptInit_ex(cipher, EVP_aes_128_gcm(), NULL, key, nonce);
    while ((n = read(from, in, sizeof(in))) > 0) {
        EVP_DigestUpdate(hash, in, (size_t)n);
        for (ssize_t at = 0; at < n; at += RECORD) {
            int part = n - at < RECORD ? (int)(n - at) : RECORD;

            EVP_EncryptInit_ex(cipher, NULL, NULL, NULL, nonce);
            EVP_EncryptUpdate(cipher, (unsigned char *)out + 5, &len, (unsigned char *)in + at, part);
            EVP_EncryptFinal_ex(cipher, (unsigned char *)out + 5 + len, &len);
            put(to, out, (size_t)part + OVERHEAD);
        }
    }
    EVP_MD_CTX_free(hash);
    EVP_CIPHER_CTX_free(cipher);
}

int main(void)
{
    int source[2], sink[2];
    struct timespec used;

    signal(SIGPIPE, SIG_IGN);
    tcp_pair(source);
    tcp_pair(sink);
    start(fill, source[0], source[1]);
    start(drain, sink[1], sink[0]);
    pass(source[1], sink[0]);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    close(sink[0]);
    while (wait(NULL) > 0)
        ;
    printf("%.1f\n", ((double)used.tv_sec * 1e6 + (double)used.tv_nsec / 1e3) / TOTAL);
    return 0;
}
