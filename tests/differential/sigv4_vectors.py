"""AWS's published SigV4 test vectors (aws-sig-v4-test-suite, and its successor in awslabs/aws-c-auth) as a table.

Key AKIDEXAMPLE, region us-east-1, service "service", 2015-08-30T12:36:00Z. The requests are ours to write down, the
signatures are those that AWS published. Left out: the suite's two requests whose target no HTTP parser reads in one
way (post-vanilla-query-nonunreserved, post-vanilla-query-space); AWS has dropped them from the suite, too.
"""
from typing import NamedTuple

ACCESS_KEY_ID = "AKIDEXAMPLE"
SECRET_ACCESS_KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
REGION = "us-east-1"
SERVICE = "service"
TIME = "2015-08-30T12:36:00Z"

UNRESERVED = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
FORM = "Content-Type:application/x-www-form-urlencoded"
FORM_HASH = "x-amz-content-sha256:9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e"
# The token of the suite's post-sts-header-before.
STS_TOKEN = (
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuw"
    "thAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHN"
    "VXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxB"
    "A=="
)


class Vector(NamedTuple):
    name: str
    method: str
    target: str
    signature: str
    headers: tuple = ()  # beside Host, as they stand in the request
    body: str = ""
    token: str = ""  # given to the signer, not in the request
    normalize: bool = True
    botocore: bool = True  # False where botocore cannot take the request as it is written


VANILLA = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
POST_VANILLA = "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
POST_QUERY = "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"
SPACE = "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"

VECTORS = [
    Vector("get-header-key-duplicate", "GET", "/",
           "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
           ("My-Header1:value2", "My-Header1:value2", "My-Header1:value1")),
    Vector("get-header-value-multiline", "GET", "/",
           "ba17b383a53190154eb5fa66a1b836cc297cc0a3d70a5d00705980573d8ff790",
           ("My-Header1:value1", "  value2", "     value3"), botocore=False),
    Vector("get-header-value-order", "GET", "/",
           "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01",
           ("My-Header1:value4", "My-Header1:value1", "My-Header1:value3", "My-Header1:value2")),
    Vector("get-header-value-trim", "GET", "/",
           "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
           ("My-Header1: value1", 'My-Header2: "a   b   c"')),
    Vector("get-unreserved", "GET", "/" + UNRESERVED,
           "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"),
    Vector("get-utf8", "GET", "/\u1234",
           "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
    Vector("get-vanilla", "GET", "/", VANILLA),
    Vector("get-vanilla-empty-query-key", "GET", "/?Param1=value1",
           "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"),
    Vector("get-vanilla-query", "GET", "/", VANILLA),
    Vector("get-vanilla-query-order-encoded", "GET", "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
           "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"),
    Vector("get-vanilla-query-order-key", "GET", "/?Param1=value2&Param1=Value1",
           "eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df300a15b2382bd1"),
    Vector("get-vanilla-query-order-key-case", "GET", "/?Param2=value2&Param1=value1",
           "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
    Vector("get-vanilla-query-order-value", "GET", "/?Param1=value2&Param1=value1",
           "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694"),
    Vector("get-vanilla-query-unreserved", "GET", f"/?{UNRESERVED}={UNRESERVED}",
           "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"),
    Vector("get-vanilla-utf8-query", "GET", "/?\u1234=bar",
           "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04", botocore=False),
    Vector("get-vanilla-with-session-token", "GET", "/",
           "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8",
           token="6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"),
    Vector("post-header-key-case", "POST", "/", POST_VANILLA),
    Vector("post-header-key-sort", "POST", "/",
           "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c", ("My-Header1:value1",)),
    Vector("post-header-value-case", "POST", "/",
           "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d", ("My-Header1:VALUE1",)),
    Vector("post-sts-header-after", "POST", "/", POST_VANILLA),
    Vector("post-sts-header-before", "POST", "/",
           "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead",
           (f"X-Amz-Security-Token:{STS_TOKEN}",)),
    Vector("post-vanilla", "POST", "/", POST_VANILLA),
    Vector("post-vanilla-empty-query-value", "POST", "/?Param1=value1", POST_QUERY),
    Vector("post-vanilla-query", "POST", "/?Param1=value1", POST_QUERY),
    Vector("post-x-www-form-urlencoded", "POST", "/",
           "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a", (FORM,), "Param1=value1"),
    Vector("post-x-www-form-urlencoded, hash as a header", "POST", "/",
           "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b",
           (FORM, "Content-Length:13", FORM_HASH), "Param1=value1"),
    Vector("post-x-www-form-urlencoded-parameters", "POST", "/",
           "1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe",
           (FORM + "; charset=utf8",), "Param1=value1"),
    Vector("post-x-www-form-urlencoded-parameters, hash as a header", "POST", "/",
           "328d1b9eaadca9f5818ef05e8392801e091653bafec24fcab71e7344e7f51422",
           (FORM + "; charset=utf-8", "Content-Length:13", FORM_HASH), "Param1=value1"),
    Vector("get-relative-normalized", "GET", "/example/..", VANILLA),
    Vector("get-relative-relative-normalized", "GET", "/example1/example2/../..", VANILLA),
    Vector("get-slash-normalized", "GET", "//", VANILLA),
    Vector("get-slash-dot-slash-normalized", "GET", "/./", VANILLA),
    Vector("get-slash-pointless-dot-normalized", "GET", "/./example",
           "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"),
    Vector("get-slashes-normalized", "GET", "//example//",
           "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"),
    Vector("get-space-normalized", "GET", "/example space/", SPACE),
    Vector("get-relative-unnormalized", "GET", "/example/..",
           "eca7ead57bb5aa5c8e28007acd4ff04e1ff9a0ff3b237ec1554a184887ff9282", normalize=False),
    Vector("get-relative-relative-unnormalized", "GET", "/example1/example2/../..",
           "dc33e0856fd4baca4d7aa2146c38958283844764f38c74252a333df5e613003b", normalize=False),
    Vector("get-slash-unnormalized", "GET", "//",
           "c88bcd3d312d75078c0cd961d6deae3f4c754924b01669efcfcb439fd5e5b76e", normalize=False),
    Vector("get-slash-dot-slash-unnormalized", "GET", "/./",
           "68714168e6557f8f2de0ef956fc24dc2593a4bd2961f8df51898d8a134695145", normalize=False),
    Vector("get-slash-pointless-dot-unnormalized", "GET", "/./example",
           "beb03f223f7deae4146464f06e29eebbee9c8afbe15c290cf07aa8b119e14cff", normalize=False),
    Vector("get-slashes-unnormalized", "GET", "//example//",
           "87cca117541a147f6df867677d98a7d80dff226d2bfca9e4ffa899665623c7e5", normalize=False),
    Vector("get-space-unnormalized", "GET", "/example space/", SPACE, normalize=False),
]
