using System.Collections;
using Mfn.SecretFakes;
using Mfn.Server.Secrets;
using Mfn.Server.Tests.Cli;
using Mfn.Server.Tests.Identity;

namespace Mfn.Server.Tests.Secrets;

/// <summary>Secrets in AWS Secrets Manager, from a small server that follows its protocol and computes signatures again; AWS itself was not tried.</summary>
public sealed class AwsSecretsTests : IAsyncLifetime
{
    private const string Name = "prod/mfn";

    private readonly WallClock _clock = new(DateTimeOffset.UtcNow);
    private readonly FakeSecretsManager _aws;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-aws-");
    private string? _profile;

    public AwsSecretsTests() => _aws = new FakeSecretsManager(_clock);

    public async ValueTask InitializeAsync()
    {
        await _aws.StartAsync();
        _aws.AddKey("AKIATEST", "secret-key/+=");
        _aws.AddKey("ASIATEST", "other-key", "session+token/=");
        _aws.Put(Name, """{ "key": "one" }""");
        _aws.Put("binary", null, [0xc3, 0xa9]);
        _aws.Put("empty", null);
        _aws.Put("octets", null, [0xff, 0x00]);
    }

    public async ValueTask DisposeAsync()
    {
        await _aws.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Secret_ByNameAndByArn_IsRead()
    {
        using var secrets = Open();

        Assert.Equal("""{ "key": "one" }""", await secrets.ReadAsync(Name, default));
        Assert.Equal("""{ "key": "one" }""", await secrets.ReadAsync(_aws.ArnOf(Name), default));
        Assert.Equal("é", await secrets.ReadAsync("binary", default));
        _aws.Put(Name, "two");
        Assert.Equal("two", await secrets.ReadAsync(Name, default));
        Assert.Equal("AKIATEST", _aws.LastKey);
    }

    [Fact]
    public async Task SessionToken_IsSentAndSigned()
    {
        using var secrets = Open("session");

        Assert.Equal("""{ "key": "one" }""", await secrets.ReadAsync(Name, default));
        Assert.Equal("ASIATEST", _aws.LastKey);
    }

    [Fact]
    public async Task Refusals_AreToldApart()
    {
        using var secrets = Open();
        Assert.Equal("must be a secret that can be read, but there is no aws:gone with a current version.", (await RefuseAsync(secrets, "gone")).Message);
        Assert.Equal("must be a secret with a value, but aws:empty has none.", (await RefuseAsync(secrets, "empty")).Message);
        Assert.Equal("must be a secret of text, but aws:octets is none.", (await RefuseAsync(secrets, "octets")).Message);
        _aws.AddKey("AKIATEST", "another-key");
        Assert.Contains("AWS does not accept the signature", (await RefuseAsync(secrets)).Message, StringComparison.Ordinal);
        _aws.AddKey("AKIATEST", "secret-key/+=", "session");
        Assert.Contains("AWS does not know the access key", (await RefuseAsync(secrets)).Message, StringComparison.Ordinal);
        _aws.AddKey("AKIATEST", "secret-key/+=", expires: _clock.GetUtcNow());
        Assert.Contains("the session token has expired", (await RefuseAsync(secrets)).Message, StringComparison.Ordinal);
        _aws.AddKey("AKIATEST", "secret-key/+=");
        _clock.Advance(TimeSpan.FromMinutes(6));
        Assert.Contains("the region or the clock is wrong", (await RefuseAsync(secrets)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(400, """{"__type":"AccessDeniedException","Message":"hunter2"}""", "the server may not read aws:prod/mfn (secretsmanager:GetSecretValue)", false)]
    [InlineData(400, """{"__type":"com.amazonaws.secretsmanager#DecryptionFailure"}""", "cannot be decrypted", false)]
    [InlineData(400, """{"__type":"ThrottlingException"}""", "AWS has too many requests", true)]
    [InlineData(429, "", "answers 429", true)]
    [InlineData(500, """{"__type":"InternalServiceError"}""", "answers 500 (InternalServiceError)", true)]
    [InlineData(503, "<html>hunter2", "answers 503", true)]
    [InlineData(400, """{"__type":"InvalidRequestException"}""", "is being deleted, or cannot be read as it is", false)]
    [InlineData(307, "", "answers 307", false)]
    public async Task OtherAnswers_AreToldApart(int status, string body, string said, bool isPassing)
    {
        using var secrets = Open();
        _aws.Instead = _ => (status, body, "http://127.0.0.1:1/");

        var refusal = await RefuseAsync(secrets);

        Assert.Contains(said, refusal.Message, StringComparison.Ordinal);
        Assert.Equal((isPassing, status == 429 ? TimeSpan.FromSeconds(1) : (TimeSpan?)null), (refusal.IsPassing, refusal.RetryAfter));
        Assert.DoesNotContain("hunter2", refusal.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RegionOrProfileThatThereIsNot_IsSaid()
    {
        using var nowhere = new AwsSecrets(new AwsAccess { Endpoint = _aws.Address }, new Hashtable());
        Assert.Equal("must be a secret of a region: set Aws:Region, or AWS_REGION, for aws:prod/mfn.", (await RefuseAsync(nowhere)).Message);
        using var nobody = new AwsSecrets(new AwsAccess { Endpoint = _aws.Address, Region = "eu-west-1", Profile = $"mfn-{Guid.NewGuid():N}" }, new Hashtable());
        Assert.Contains("there are no credentials for AWS", (await RefuseAsync(nobody)).Message, StringComparison.Ordinal);
        using var elsewhere = Open(region: "us-east-1");
        Assert.Contains("does not accept the signature", (await RefuseAsync(elsewhere)).Message, StringComparison.Ordinal);
        Assert.Contains("one", await elsewhere.ReadAsync(_aws.ArnOf(Name), default), StringComparison.Ordinal);
    }

    /// <summary>What computes signatures again in these tests does it right: the worked example of AWS's documentation of Signature Version 4.</summary>
    [Fact]
    public void WorkedExample_OfTheDocumentation_HasItsSignature() => Assert.Equal(
        "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
        RequestSignature.Compute(
            "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            ("20150830", "us-east-1", "iam"),
            "20150830T123600Z",
            "GET",
            "/",
            "Action=ListUsers&Version=2010-05-08",
            [("content-type", "application/x-www-form-urlencoded; charset=utf-8"), ("host", "iam.amazonaws.com"), ("x-amz-date", "20150830T123600Z")],
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));

    public static TheoryData<string> Ways => ["variables", "profile", "container", "machine", "web identity"];

    /// <summary>Who the server is, is found as AWS's tools find it.</summary>
    [Theory, MemberData(nameof(Ways))]
    public async Task Credentials_AreFoundByTheDefaultChain(string way)
    {
        await using var credentials = new FakeCredentials { Given = ("ASIATEST", "other-key", "session+token/=") };
        await credentials.StartAsync();
        _aws.Put("steps", "87654");
        var token = Path.Combine(_folder.FullName, "web");
        await File.WriteAllTextAsync(token, "web-identity-of-the-test");
        var address = credentials.Address.ToString().TrimEnd('/');
        Dictionary<string, string> environment = new()
        {
            ["HOME"] = _folder.FullName,
            ["AWS_EC2_METADATA_DISABLED"] = way == "machine" ? "false" : "true",
            ["AWS_REGION"] = "eu-west-1",
        };
        foreach (var (name, value) in way switch
        {
            "variables" => new Dictionary<string, string> { ["AWS_ACCESS_KEY_ID"] = "ASIATEST", ["AWS_SECRET_ACCESS_KEY"] = "other-key", ["AWS_SESSION_TOKEN"] = "session+token/=" },
            "profile" => new() { ["AWS_SHARED_CREDENTIALS_FILE"] = ProfilesFile(), ["AWS_PROFILE"] = "session" },
            "container" => new() { ["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = $"{address}/container", ["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = FakeCredentials.ContainerToken },
            "machine" => new() { ["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = address },
            _ => new() { ["AWS_WEB_IDENTITY_TOKEN_FILE"] = token, ["AWS_ROLE_ARN"] = "arn:aws:iam::123456789012:role/mfn", ["AWS_ROLE_SESSION_NAME"] = "mfn", ["AWS_ENDPOINT_URL_STS"] = address },
        })
        {
            environment[name] = value;
        }

        var (code, output, errors) = await MfnProcess.RunAsync(environment, ["config", "explain", "--json", "--set", "Limits:MaxSteps=aws:steps", "--set", $"Aws:Endpoint={_aws.Address}"]);

        Assert.Equal((0, ""), (code, errors));
        Assert.Contains("\"aws:steps\"", output, StringComparison.Ordinal);
        Assert.Equal("ASIATEST", _aws.LastKey);
        Assert.DoesNotContain("87654", output, StringComparison.Ordinal);
    }

    private static async Task<SecretUnavailableException> RefuseAsync(AwsSecrets secrets, string path = Name) =>
        await Assert.ThrowsAsync<SecretUnavailableException>(async () => await secrets.ReadAsync(path, default));

    private AwsSecrets Open(string profile = "plain", string region = "eu-west-1") => new(
        new AwsAccess { Region = region, Endpoint = _aws.Address, Profile = profile, ProfilesFile = ProfilesFile() }, new Hashtable());

    private string ProfilesFile()
    {
        _profile ??= Path.Combine(_folder.FullName, "credentials");
        File.WriteAllText(_profile, """
            [plain]
            aws_access_key_id = AKIATEST
            aws_secret_access_key = secret-key/+=

            [session]
            aws_access_key_id = ASIATEST
            aws_secret_access_key = other-key
            aws_session_token = session+token/=
            """);
        return _profile;
    }
}
