using Grpc.Core;

namespace Mfn.Server.Tests.GrpcStack;

public class CredentialsTests
{
    private static readonly CallCredentials Token = CallCredentials.FromInterceptor((_, _) => Task.CompletedTask);

    [Fact]
    public void Create_OnInsecure_IsRefused()
    {
        Assert.Throws<ArgumentException>(() => ChannelCredentials.Create(ChannelCredentials.Insecure, Token));
    }

    [Fact]
    public void Create_OnComposed_IsRefused()
    {
        var composed = ChannelCredentials.Create(ChannelCredentials.SecureSsl, Token);

        Assert.Throws<ArgumentException>(() => ChannelCredentials.Create(composed, Token));
    }

    [Fact]
    public void Create_Null_IsRefused()
    {
        Assert.Throws<ArgumentNullException>(() => ChannelCredentials.Create(null!, Token));
        Assert.Throws<ArgumentNullException>(() => ChannelCredentials.Create(ChannelCredentials.SecureSsl, null!));
        Assert.Throws<ArgumentNullException>(() => CallCredentials.FromInterceptor(null!));
    }

    [Fact]
    public void Compose_FewerThanTwo_IsRefused()
    {
        Assert.Throws<ArgumentException>(() => CallCredentials.Compose());
        Assert.Throws<ArgumentException>(() => CallCredentials.Compose(Token));
        Assert.Throws<ArgumentNullException>(() => CallCredentials.Compose(null!));
    }

    [Fact]
    public void Populate_EachKind_TellsWhatItIs()
    {
        var pair = new KeyCertificatePair("chain", "key");
        VerifyPeerCallback verify = _ => true;

        Assert.Equal("insecure", Describe(ChannelCredentials.Insecure));
        Assert.Equal("ssl ,,,", Describe(ChannelCredentials.SecureSsl));
        Assert.Equal("ssl roots,chain,key,verified", Describe(new SslCredentials("roots", pair, verify)));
        Assert.Equal(
            "ssl ,,, with calls",
            Describe(ChannelCredentials.Create(ChannelCredentials.SecureSsl, Token)));
    }

    private static string Describe(ChannelCredentials credentials)
    {
        var state = new List<string>();
        credentials.InternalPopulateConfiguration(new Describer(), state);
        return string.Join(' ', state);
    }

    private sealed class Describer : ChannelCredentialsConfiguratorBase
    {
        public override void SetInsecureCredentials(object state) => ((List<string>)state).Add("insecure");

        public override void SetSslCredentials(
            object state,
            string? rootCertificates,
            KeyCertificatePair? keyCertificatePair,
            VerifyPeerCallback? verifyPeerCallback) => ((List<string>)state).Add(
                $"ssl {rootCertificates},{keyCertificatePair?.CertificateChain},{keyCertificatePair?.PrivateKey},"
                + (verifyPeerCallback is null ? "" : "verified"));

        public override void SetCompositeCredentials(
            object state,
            ChannelCredentials channelCredentials,
            CallCredentials callCredentials)
        {
            channelCredentials.InternalPopulateConfiguration(this, state);
            Assert.Same(Token, callCredentials);
            ((List<string>)state).Add("with calls");
        }
    }
}
