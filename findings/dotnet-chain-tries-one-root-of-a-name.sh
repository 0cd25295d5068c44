#!/usr/bin/env bash
# .NET 10.0.12 on Linux with OpenSSL: X509Chain with CustomRootTrust, as mutual TLS with a private authority uses it.
# Expected: an authority that was renewed under its old name with a new key can be trusted beside the old one: with both in CustomTrustStore the certificates
# of either are valid, in whichever order the two stand.
# Instead: where certificates do not name the key that signed them (no authority key identifier, as many small authorities issue them), only one root of a name
# is tried. The certificates of the other are refused for a wrong signature, though its root is there.
# Seen on 2026-11-28:
#   both roots, with the key's identifier: first True, second True
#   both roots, without it: one of the two is refused (NotSignatureValid)
# What we do: judge a certificate by each root of a name in turn.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export NUGET_PACKAGES=$work/packages DOTNET_CLI_HOME=$work DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false

cat >roots.csproj <<'EOF'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net10.0</TargetFramework>
    <ImplicitUsings>enable</ImplicitUsings>
    <Nullable>enable</Nullable>
  </PropertyGroup>
</Project>
EOF
cat >Program.cs <<'EOF'
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

var now = DateTimeOffset.UtcNow;
foreach (var isNamed in new[] { true, false })
{
    X509Certificate2[] roots = [Root(), Root()];
    X509Certificate2[] leaves = [.. roots.Select(root => Leaf(root, isNamed))];
    var results = leaves.Select(leaf => Judge(leaf, roots)).ToArray();
    Console.WriteLine(isNamed
        ? $"both roots, with the key's identifier: first {results[0] == ""}, second {results[1] == ""}"
        : $"both roots, without it: {(results.Count(result => result == "") == 1 ? $"one of the two is refused ({results.Single(result => result != "")})" : string.Join(", ", results))}");
}

X509Certificate2 Root()
{
    var request = new CertificateRequest("CN=Laboratory", ECDsa.Create(ECCurve.NamedCurves.nistP256), HashAlgorithmName.SHA256);
    request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
    request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
    return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(30));
}

X509Certificate2 Leaf(X509Certificate2 root, bool isNamed)
{
    var request = new CertificateRequest("CN=client", ECDsa.Create(ECCurve.NamedCurves.nistP256), HashAlgorithmName.SHA256);
    if (isNamed)
    {
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(root, true, false));
    }

    return request.Create(root, now.AddDays(-1), now.AddDays(20), RandomNumberGenerator.GetBytes(8));
}

string Judge(X509Certificate2 leaf, X509Certificate2[] roots)
{
    using var chain = new X509Chain();
    chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
    chain.ChainPolicy.CustomTrustStore.AddRange(roots);
    chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
    return chain.Build(leaf) ? "" : string.Join(' ', chain.ChainStatus.Select(status => status.Status));
}
EOF

seen=$(dotnet run)
echo "$seen"
[[ $seen == "both roots, with the key's identifier: first True, second True
both roots, without it: one of the two is refused (NotSignatureValid)" ]]
