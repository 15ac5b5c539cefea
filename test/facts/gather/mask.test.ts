import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { maskArguments, maskCommandLine } from '../../../src/facts/gather/mask.ts';

const test = suite('mask');

for (const [line, expected] of [
  // Names that say it, in every spelling of an option
  ['app --password=geheim', 'app --password=***'],
  ['app --password geheim --port 80', 'app --password *** --port 80'],
  ['app -password:geheim', 'app -password:***'],
  ['app /Password:geheim /Port:80', 'app /Password:*** /Port:80'],
  ['app /password geheim', 'app /password ***'],
  ['app --db-passwd=a --clientSecret=b --api_key=c --authToken=d', 'app --db-passwd=*** --clientSecret=*** --api_key=*** --authToken=***'],
  ['app PASSWORD=a PGPASSWORD=b MYSQL_PWD=c AWS_SECRET_ACCESS_KEY=d', 'app PASSWORD=*** PGPASSWORD=*** MYSQL_PWD=*** AWS_SECRET_ACCESS_KEY=***'],
  ['app --password=a=b;c,d', 'app --password=***'],
  ['docker run --env=DB_PASSWORD=a,b -e TOKEN=c image', 'docker run --env=DB_PASSWORD=*** -e TOKEN=*** image'],
  ['java -Djavax.net.ssl.keyStorePassword=geheim -jar x.jar', 'java -Djavax.net.ssl.keyStorePassword=*** -jar x.jar'],
  ['keytool -storepass a -keypass b', 'keytool -storepass *** -keypass ***'],
  ['redis-server --requirepass geheim --port 1', 'redis-server --requirepass *** --port 1'],
  ['sc config svc obj= me password= geheim', 'sc config svc obj= me password= ***'],
  ['plink -pw geheim host', 'plink -pw *** host'],
  // Quotes
  ['app --password "a b c" --port 80', 'app --password "***" --port 80'],
  ['app "--password=a b" x', 'app "--password=***" x'],
  ['app --password="a b" x', 'app --password=*** x'],
  ['"C:\\a b\\app.exe" --secret "q\\" r" z', '"C:\\a b\\app.exe" --secret "***" z'],
  ['app --password "open', 'app --password ***'],
  // Letters that say it for one program only
  ['mysql -uroot -pgeheim db', 'mysql -uroot -p*** db'],
  ['mysqldump -psecret db', 'mysqldump -p*** db'],
  ['mysql -p db', 'mysql -p db'],
  ['"C:\\MySQL\\bin\\mysql.exe" -pgeheim', '"C:\\MySQL\\bin\\mysql.exe" -p***'],
  ['sshpass -p geheim ssh host', 'sshpass -p *** ssh host'],
  ['docker login -u me -p geheim host', 'docker login -u me -p *** host'],
  ['sqlcmd -S host -U sa -P geheim', 'sqlcmd -S host -U sa -P ***'],
  ['schtasks /create /ru me /rp geheim', 'schtasks /create /ru me /rp ***'],
  ['redis-cli -a geheim ping', 'redis-cli -a *** ping'],
  ['ldapsearch -D cn=me -w geheim', 'ldapsearch -D cn=me -w ***'],
  ['xfreerdp /u:me /p:geheim /v:host', 'xfreerdp /u:me /p:*** /v:host'],
  ['msbuild /p:Configuration=Release /p:SignPassword=geheim', 'msbuild /p:Configuration=Release /p:SignPassword=***'],
  ['openssl pkcs12 -passin pass:geheim', 'openssl pkcs12 -passin pass:***'],
  // A user and a secret in one
  ['curl -u me:geheim --proxy-user me:geheim', 'curl -u me:*** --proxy-user me:***'],
  ['curl -ume:geheim --user=me:geheim', 'curl -ume:*** --user=me:***'],
  ['curl -u me', 'curl -u me'],
  ['smbclient -U me%geheim //host/x', 'smbclient -U me%*** //host/x'],
  ['app https://me:geheim@host:443/x postgres://:geheim@host/db', 'app https://me:***@host:443/x postgres://:***@host/db'],
  // Inside of one argument
  ['app https://host/x?token=abc&page=2', 'app https://host/x?token=***&page=2'],
  ['app "Server=h,1433;User Id=sa;Password=a b;Encrypt=no"', 'app "Server=h,1433;User Id=sa;Password=***;Encrypt=no"'],
  ['mount -o user=me,password=geheim,rw', 'mount -o user=me,password=***,rw'],
  ['curl -H "Authorization: Bearer a b" host', 'curl -H "Authorization: ***" host'],
  [`app {"token":"abc","port":80}`, `app {"token":"***","port":80}`],
  [`sh -c "exec env PGPASSWORD='a b' psql"`, `sh -c "exec env PGPASSWORD=*** psql"`],
  [`sh -c "PGPASSWORD='a b' psql"`, `sh -c "PGPASSWORD='***' psql"`],
  // A command line for a shell
  ['sh -c "app --password geheim --port 3; mysql -pgeheim db"', 'sh -c "app --password *** --port 3; mysql -p*** db"'],
  [`bash -lc "curl -u me:geheim h && app --token 'a b' x"`, `bash -lc "curl -u me:*** h && app --token '***' x"`],
  ['pwsh -NoProfile -Command "Connect -Password geheim"', 'pwsh -NoProfile -Command "Connect -Password ***"'],
  ['docker exec web /bin/sh -c "app --password geheim"', 'docker exec web /bin/sh -c "app --password ***"'],
  ['cmd.exe /c "app /password geheim & other"', 'cmd.exe /c "app /password *** & other"'],
  ['sh -c "echo done" geheim', 'sh -c "echo done" geheim'],
  // Short names, of properties and joined to other words
  ['java -Dpw=a -Dpassword=b -Dspring.datasource.password=c -DdbPass=d -jar x.jar', 'java -Dpw=*** -Dpassword=*** -Dspring.datasource.password=*** -DdbPass=*** -jar x.jar'],
  ['gradle -PsignPw=a -PisFast=yes', 'gradle -PsignPw=*** -PisFast=yes'],
  ['app --db-pass a --dbPass b --dbpass c --userPwd=d --rootpw e', 'app --db-pass *** --dbPass *** --dbpass *** --userPwd=*** --rootpw ***'],
  ['java -DbypassCache=true -Dcompass=x --trespass 1', 'java -DbypassCache=true -Dcompass=x --trespass 1'],
  ['app --jwt a --otp b --passkey c --private-key d', 'app --jwt *** --otp *** --passkey *** --private-key ***'],
  ['vault server -dev-root-token-id=a', 'vault server -dev-root-token-id=***'],
  ['consul agent -encrypt=a -encrypt b', 'consul agent -encrypt=*** -encrypt ***'],
  // Where a secret is expected
  ['sqlplus scott/tiger@db', 'sqlplus scott/***@db'],
  [String.raw`net use Z: \\host\share geheim /user:me`, String.raw`net use Z: \\host\share *** /user:me`],
  ['rsync me:geheim@host::module', 'rsync me:***@host::module'],
  ['docker run nginx:1.27@sha256:abc', 'docker run nginx:1.27@sha256:abc'],
  ['deno run npm:vite@7', 'deno run npm:vite@7'],
  ['git clone git@github.com:a/b.git', 'git clone git@github.com:a/b.git'],
  ['app "https://host/x?sv=1&sig=a%2Fb&key=c"', 'app "https://host/x?sv=1&sig=***&key=***"'],
  // By its form
  [`git clone https://ghp_${'a'.repeat(36)}@github.com/a/b`, 'git clone https://***@github.com/a/b'],
  ['app eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl', 'app ***'],
  // Nothing to hide
  ['nginx -g "daemon off;"', 'nginx -g "daemon off;"'],
  ['docker run -p 80:80 token:latest', 'docker run -p 80:80 token:latest'],
  ['app --password-file=/run/x --token-ttl 5 --bypass a --compass=b', 'app --password-file=/run/x --token-ttl 5 --bypass a --compass=b'],
  ['psql --no-password db', 'psql --no-password db'],
  ['app --password --port 80', 'app --password --port 80'],
  ['ssh -p 2222 host', 'ssh -p 2222 host'],
  ['app http://host:80/a@b', 'app http://host:80/a@b'],
  ['  a   b\t"c  d" ', '  a   b\t"c  d" '],
  ['', ''],
] as const) {
  test(line === '' ? 'nothing' : line, () => assert.is(maskCommandLine(line), expected));
}

test('arguments stay as many, and the program stays', () => {
  assert.equal(maskArguments(['/usr/bin/mysql', '-pa', '', '--password', '', 'b']), ['/usr/bin/mysql', '-p***', '', '--password', '', 'b']);
  assert.equal(maskArguments([]), []);
});

test('any secret behind a name that says so is gone', () => {
  const secret = fc.stringMatching(/^[A-Za-z0-9/+_.]{8,20}$/);
  const form = fc.constantFrom('--password=', '--db-password ', '/token:', 'API_KEY=', '--client-secret ', 'mysql://u:', '-Dx.password=', '-Dpw=', '--dbPass ');
  fc.assert(
    fc.property(form, secret, (before, value) => {
      fc.pre(!value.includes('/') || !before.includes('//'));
      const masked = maskCommandLine(`app ${before}${value}${before.includes('//') ? '@h' : ''} end`);
      assert.not.ok(masked.includes(value), masked);
      assert.ok(masked.startsWith(`app ${before}`) && masked.endsWith(' end'), masked);
    }),
  );
});

test('any text is masked, without what was not there', () => {
  const word = fc.constantFrom('password', '=', ':', '"', "'", ' ', '\\', '://', '@', '--', '-p', 'x', ';', '/p:', 'mysql ', '\0', '\ud800');
  fc.assert(
    fc.property(fc.array(word, { maxLength: 30 }), fc.array(fc.string({ unit: 'binary' })), (words, args) => {
      const text = words.join('');
      assert.is(maskCommandLine(maskCommandLine(text)).length > text.length + 3 * words.length, false);
      assert.is(maskArguments(args).length, args.length);
    }),
  );
});

// Anything that grows with the square of the length would take hours here.
for (const part of ['a', '=', '"', ' ', '://', ':', '\\', 'password=', '-', '"token":"', '://a:', 'x ', 'a:', 'a:b@', "'", ';', 'sh -c ']) {
  test(`a megabyte of ${JSON.stringify(part)}`, () => {
    const text = part.repeat(2 ** 20 / part.length);
    assert.type(maskCommandLine(`app ${text}`), 'string');
    assert.is(maskArguments(['app', text]).length, 2);
    assert.is(maskArguments(['sh', '-c', text]).length, 3);
  });
}

test.run();
