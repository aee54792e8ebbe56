"""Parts of URLs that some parser takes for something else, and harmless ones that look alike."""

from __future__ import annotations

SCOPED = ("fe80::1", "::1", "fe80::a9fe:a9fe", "ff02::1", "2606:4700::1", "::ffff:127.0.0.1")
SCOPES = ("%25eth0", "%eth0", "%251", "%1", "%25", "%", "%25lo%00", "%2561")


NAMES = """
localhost LOCALHOST LocalHost localhost. a.localhost a.b.localhost. localhost.localdomain localhost4.localdomain4
localhost6.localdomain6 localhost4 localhost6 ip6-localhost ip6-loopback broadcasthost loopback
metadata metadata.google.internal METADATA.GOOGLE.INTERNAL. metadata.goog.internal instance-data
instance-data.ec2.internal ip-10-0-0-1.ec2.internal ip-10-0-0-1.eu-west-1.compute.internal metadata.azure.internal
rancher-metadata rancher-metadata.rancher.internal metadata.internal host.docker.internal gateway.docker.internal
kubernetes kubernetes.docker.internal kubernetes.default kubernetes.default.svc kubernetes.default.svc.cluster.local
redis.prod.svc redis.prod.svc.cluster.local vault.service.consul x.cluster db intranet corp.intranet db.corp nas.home
x.private files.lan gw.local printer.local. sandbox.localdomain sandbox router.home.arpa 1.0.0.127.in-addr.arpa
1.0.0.0.ip6.arpa ipv4only.arpa resolver.arpa service.arpa x.internal x.mail
test a.test nothing.invalid invalid x.alt abcdefghij.onion com example a 0 x.localdomain wpad router gateway
"""

DISGUISED_NAMES = [
    "loca\u00adlhost",  # soft hyphen
    "local\u200bhost",  # zero-width space
    "local\u200chost",
    "local\u200dhost",
    "local\u2060host",
    "\ufefflocalhost",
    "\uff4c\uff4f\uff43\uff41\uff4c\uff48\uff4f\uff53\uff54",  # full width
    "\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3",  # circled
    "loc\u00aalhost",  # feminine ordinal
    "localho\u017ft",  # long s
    "\u2113ocalhost",  # script l
    "local\u210cost",
    "localhos\u1d57",
    "localho\ufb06",  # ligature st
    "\U0001d4c1ocalhost",
    "localhost\u3002localdomain",
    "a\u3002localhost",
    "a\uff0elocalhost",
    "a\uff61localhost",
    "metadata\u3002google\u3002internal",
    "printer.\u2113ocal",
    "xn--localhost-",
    "xn--localhost",
    "xn--127-0-0-1",
    "xn--",
    "xn--a",
    "xn--.example.com",
    "a.xn--zzzzzzzz",
    "%6c%6f%63%61%6c%68%6f%73%74",
    "localhos%74",
    "example.com%2f.internal",
    "%00localhost",
    "\u212aubernetes",
    "example\u2100com.internal",
    "example.com\uff0finternal",
    "example.com\uff03.internal",
    "example.com\uff1f.internal",
    "example.com\uff20internal.corp",
    "example.com\uff1a80",
    "example.com\u2044internal",
    "exa\u202emple.com",
    "e\u0301xample.com",
    "\u0301xample.com",
    "\ud800.example.com",
    "exa\U000e0001mple.com",
    "BÜCHER.example",
    "\u05d0a.example",
]

NO_NAMES = [
    "",
    ".",
    "..",
    ".com",
    ".example.com",
    "a..example.com",
    "example.com..",
    "-a.example.com",
    "a-.example.com",
    "example.-com",
    "a" * 64 + ".example.com",
    ".".join(["a" * 60] * 5),
    "a." * 127 + "com",
    "exam ple.com",
    "exam!ple.com",
    "exam$ple.com",
    "exam&ple.com",
    "exam'ple.com",
    "exam(ple.com",
    "exam*ple.com",
    "*.example.com",
    "exam+ple.com",
    "exam,ple.com",
    "exam;ple.com",
    "exam=ple.com",
    "exam~ple.com",
    "exam<ple.com",
    "exam>ple.com",
    'exam"ple.com',
    "exam`ple.com",
    "exam{ple.com",
    "exam|ple.com",
    "exam^ple.com",
    "${jndi:ldap://x}",
    "{{7*7}}.example.com",
    "example.1",
    "example.0x1",
    "example.0x",
    "example.08",
    "127.0.0.1.0x1",
    "a.b.c.256",
    "foo.2130706433",
]

USER_INFO = [
    "user@example.com",
    "user:@example.com",
    "user:password@example.com",
    ":@example.com",
    "@example.com",
    "@@example.com",
    "a@b@example.com",
    "example.com@127.0.0.1",
    "example.com:80@127.0.0.1",
    "127.0.0.1@example.com",
    "127.0.0.1:80@example.com",
    "user%40example.com@127.0.0.1",
    "user%3apassword@example.com",
    "[::1]@example.com",
    "example.com@[::1]",
    "a;b@example.com",
    "example.com&@127.0.0.1",
    "1.1.1.1 &@2.2.2.2# @3.3.3.3",
]

PARSERS = [
    "http:example.com/",
    "http:/example.com/",
    "http:127.0.0.1/",
    "http:/127.0.0.1/",
    "http:///example.com/",
    "http:///127.0.0.1/",
    "http:////127.0.0.1/",
    "http:\\\\127.0.0.1\\",
    "http:/\\127.0.0.1/",
    "http:\\/127.0.0.1/",
    "http://example.com\\@127.0.0.1/",
    "http://example.com\\.127.0.0.1/",
    "http://127.0.0.1\\.example.com/",
    "http://127.0.0.1\\/example.com/",
    "http://example.com/\\..\\",
    "http://127.0.0.1#.example.com/",
    "http://127.0.0.1?.example.com/",
    "http://127.0.0.1/.example.com/",
    "http://127.0.0.1#@example.com/",
    "http://127.0.0.1?@example.com/",
    "http://127.0.0.1/@example.com/",
    "http://127.0.0.1;@example.com/",
    "http://127.0.0.1&@example.com/",
    "http://127.0.0.1:80#@example.com:80/",
    "http://127.0.0.1:80%23@example.com/",
    "http://example.com%23@127.0.0.1/",
    "http://example.com%2f@127.0.0.1/",
    "http://example.com%5c@127.0.0.1/",
    "http://example.com%3f@127.0.0.1/",
    "http://example.com%40127.0.0.1/",
    "http://127.0.0.1%2f.example.com/",
    "http://127.0.0.1%23.example.com/",
    "http://127.0.0.1%3a80/",
    "http://127.0.0.1%00.example.com/",
    "http://127.0.0.1%0d%0a.example.com/",
    "http://127.0.0.1%09.example.com/",
    "http://127.0.0.1%20.example.com/",
    "http://example.com:80:80/",
    "http://example.com:80:127.0.0.1:80/",
    "http://127.0.0.1:80:80/",
    "http://example.com::80/",
    "http://:80/",
    "http://:/",
    "http://?127.0.0.1",
    "http://#127.0.0.1",
    "http://",
    "http:",
    "http",
    "//example.com/",
    "//127.0.0.1/",
    "/path",
    "example.com",
    "example.com:80/",
    "127.0.0.1:80",
    "?query",
    "#fragment",
    "",
    "://example.com/",
    "http://http://example.com/",
    "http://http:example.com/",
    "http://https://127.0.0.1/",
    "url:http://example.com/",
    "<http://example.com/>",
    "'http://example.com/'",
    "http://example.com/" + "a" * 2048,
]


PORTS = [
    *(
        "0",
        "00",
        "-1",
        "+80",
        "80a",
        "a80",
        "0x50",
        "8 0",
        "80.0",
        "1e2",
        "%38%30",
        "65536",
        "99999",
        "100000",
        "4294967376",
    ),
    *("\uff18\uff10", "\u0668\u0660", "\u00b2\u00b3", "\u2468"),
    *map(
        str,
        (1, 7, 9, 19, 20, 21, 22, 23, 25, 37, 43, 53, 69, 70, 79, 81, 88, 110, 111, 113, 119, 123, 135, 137, 139, 143),
    ),
    *map(
        str, (161, 179, 389, 444, 445, 465, 512, 513, 514, 515, 548, 554, 587, 631, 636, 873, 990, 993, 995, 1080, 1099)
    ),
    *map(
        str,
        (1433, 1521, 1883, 2049, 2181, 2375, 2376, 2379, 2380, 2773, 3000, 3128, 3306, 3389, 4194, 4369, 4444, 5000),
    ),
    *map(
        str,
        (5432, 5555, 5601, 5672, 5900, 5984, 6000, 6379, 6443, 6667, 7001, 8000, 8008, 8081, 8086, 8088, 8125, 8200),
    ),
    *map(
        str, (8300, 8444, 8500, 8888, 9000, 9001, 9042, 9090, 9092, 9100, 9200, 9300, 9418, 10250, 10255, 11211, 15672)
    ),
    *map(str, (27017, 28017, 50000, 50070, 61616, 65535)),
]

SCHEMES = """
file FILE ftp ftps sftp gopher dict tftp ldap ldaps jar netdoc mailto news nntp telnet ssh scp smb afp nfs rsync git svn
redis rediss mysql postgres mongodb amqp mqtt ws wss rtsp rtmp sip unix http+unix https+unix httpu coap data javascript
vbscript about blob view-source chrome php expect phar zip s3 gs urn url feed h2 h2c httpx http2 shttp httpss xhttp
"""


PUBLIC_NAMES = [
    "example.com",
    "EXAMPLE.com",
    "example.com.",
    "a.b.c.d.e.f.example.com",
    "sub-domain.example.co.uk",
    "a--b.example.com",
    "r3---sn-a.example.com",
    "my_app.example.com",
    "_dmarc.example.com",
    "1.example.com",
    "3com.com",
    "127.0.0.1.example.com",
    "169-254-169-254.example.com",
    "0x7f.example.com",
    "localhost.example.com",
    "localhost-tools.com",
    "metadata.google.internal.example.com",
    "internal.example.com",
    "corp.example.com",
    "test.example.com",
    "notlocalhost.dev",
    "mylocal.de",
    "x.locals.io",
    "api.test.io",
    "local.dev",
    "home.cern",
    "onion.to",
    "mail.google.com",
    "default.com",
    "consul.io",
    "abc123.execute-api.eu-west-1.amazonaws.com",
    "my-function.lambda-url.eu-west-1.on.aws",
    "hooks.slack.com",
    "a" * 63 + ".example.com",
    ".".join(["a" * 60] * 4) + ".example"[:9],
    "x.xn--p1ai",
    "xn--80akhbyknj4f.xn--e1afmkfd",
]

INTERNATIONAL_NAMES = [
    "bücher.example",
    "Bücher.example",
    "xn--bcher-kva.example",
    "XN--BCHER-KVA.example",
    "straße.example",
    "faß.de",
    "café.example.com",
    "naïve.example",
    "żółw.example",
    "ελλάδα.example",
    "βόλος.com",
    "пример.example",
    "президент.рф",
    "例え.example",
    "例子.中国",
    "도메인.한국",
    "उदाहरण.भारत",
    "ตัวอย่าง.example",
    "مثال.example",
    "דוגמה.example",
    "ไทย.com",
    "l·l.example",
]

TARGETS = [
    "",
    "/",
    "?a=1",
    "#fragment",
    "/a/b/../c",
    "/a//b",
    "/?to=http://127.0.0.1/",
    "/http://127.0.0.1/",
    "/@127.0.0.1/",
    "/?@127.0.0.1/",
    "/#@127.0.0.1/",
    "/;127.0.0.1",
    "/%2e%2e/",
    "/a%20b/%E2%9C%93?q=%0d%0a",
    "/%00",
    "/%5c%5c127.0.0.1",
    "/ü?q=ü",
    "/a[0]=1&b={c}",
    "/?" + "a" * 2000,
    "/:80:80",
    "/~user/*,;=!$'()+",
]
