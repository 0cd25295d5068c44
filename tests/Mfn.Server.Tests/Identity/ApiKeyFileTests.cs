using System.Text;
using Mfn.Server.Identity;

namespace Mfn.Server.Tests.Identity;

public sealed class ApiKeyFileTests
{
    private const string Hash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    [Fact]
    public void Read_OfWhatWasWritten_GivesTheSameKeysAndHasNoSecret()
    {
        var now = new DateTimeOffset(2026, 11, 28, 1, 2, 3, TimeSpan.Zero);
        var (first, second) = (ApiKeyText.Create(), ApiKeyText.Create());
        ApiKey[] keys =
        [
            new(first.Split('_')[1], "lab", "default", Roles.Viewer | Roles.Operator, ApiKeyText.Hash(first), now, now.AddDays(30), null),
            new(second.Split('_')[1], "spiffe://x/y", "blue", Roles.Admin, ApiKeyText.Hash(second), now, null, now.AddHours(1)),
        ];
        using var stream = new MemoryStream();

        ApiKeyFile.Write(stream, keys);
        var text = Encoding.UTF8.GetString(stream.ToArray());
        var read = ApiKeyFile.Read(text);

        Assert.DoesNotContain(first.Split('_')[2], text, StringComparison.Ordinal);
        Assert.Equal(keys.Select(key => key with { Hash = default }), read.Select(key => key with { Hash = default }));
        Assert.True(ApiKeyText.Matches(first, read[0].Hash.Span));
        Assert.False(ApiKeyText.Matches(second, read[0].Hash.Span));
    }

    [Theory]
    [InlineData("", "is no file of API keys")]
    [InlineData("null", "is no file of API keys")]
    [InlineData("{\"keys\":[]}", "is no file of API keys")]
    [InlineData("{\"format_version\":2,\"keys\":[]}", "has format version 2, but this version of mfn reads 1.")]
    [InlineData("{\"format_version\":1,\"keys\":[],\"secrets\":[]}", "is no file of API keys")]
    [InlineData("{\"format_version\":1,\"format_version\":1,\"keys\":[]}", "is no file of API keys")]
    [InlineData("{\"format_version\":1,\"keys\":[{ID}]}", "has a key whose id is none, which must have 12 hexadecimal digits.", "\"id\":\"x\"")]
    [InlineData("{\"format_version\":1,\"keys\":[{ID}]}", "has a wrong name for the key 0123456789ab, which must be 1 to 128 visible ASCII characters.", "\"name\":\"a b\"")]
    [InlineData("{\"format_version\":1,\"keys\":[{ID}]}", "has a wrong tenant for the key 0123456789ab, which must be 1 to 63 of a-z, 0-9 and -, with a letter or digit at both ends.", "\"tenant\":\"A\"")]
    [InlineData("{\"format_version\":1,\"keys\":[{ID}]}", "has a wrong role for the key 0123456789ab, which must be one of viewer, operator, contributor, admin.", "\"roles\":[\"root\"]")]
    [InlineData("{\"format_version\":1,\"keys\":[{ID}]}", "has no SHA-256 of 64 hexadecimal digits for the key 0123456789ab.", "\"sha256\":\"00\"")]
    [InlineData("{\"format_version\":1,\"keys\":[{ID},{ID}]}", "has two keys with the id 0123456789ab.")]
    public void Read_OfSomethingElse_SaysWhatIsWrong(string text, string problem, string member = "\"id\":\"0123456789ab\"")
    {
        string[] members = ["\"id\":\"0123456789ab\"", "\"name\":\"n\"", "\"tenant\":\"default\"", "\"roles\":[\"viewer\"]", $"\"sha256\":\"{Hash}\"", "\"created\":\"2026-11-28T00:00:00Z\""];
        var changed = members.Select(each => each.Split(':')[0] == member.Split(':')[0] ? member : each);

        var error = Assert.Throws<InvalidDataException>(() => ApiKeyFile.Read(text.Replace("{ID}", $"{{{string.Join(',', changed)}}}", StringComparison.Ordinal)));

        Assert.StartsWith(problem, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mfn_0123456789ab_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", true)]
    [InlineData("mfn_0123456789ab_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde", false)]
    [InlineData("mfn_0123456789ab_0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef", false)]
    [InlineData("mfn_0123456789ab-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", false)]
    [InlineData("MFN_0123456789ab_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", false)]
    [InlineData("", false)]
    public void TryGetId_OfAText_KnowsTheForm(string text, bool isKey)
    {
        Assert.Equal(isKey, ApiKeyText.TryGetId(text, out var id));
        Assert.Equal(isKey ? "0123456789ab" : "", id);
    }

    [Fact]
    public void Create_Twice_GivesTwoKeysOfTheForm()
    {
        var keys = new[] { ApiKeyText.Create(), ApiKeyText.Create() };

        Assert.All(keys, key => Assert.True(ApiKeyText.TryGetId(key, out _)));
        Assert.NotEqual(keys[0].Split('_')[2], keys[1].Split('_')[2]);
    }
}
