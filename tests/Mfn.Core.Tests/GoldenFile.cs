using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using Mfn.Core.Randomness;

namespace Mfn.Core.Tests;

/// <summary>The reference's recorded outputs; see Golden/README.md.</summary>
internal static class GoldenFile
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Golden");

    /// <summary>The ids of a file's cases, for <c>MemberData</c>.</summary>
    public static TheoryData<string> Ids(string file, string list = "cases")
    {
        var ids = new TheoryData<string>();
        foreach (var item in Open(file).GetProperty(list).EnumerateArray())
        {
            ids.Add(item.GetProperty("id").GetString()!);
        }

        return ids;
    }

    public static (JsonElement Inputs, JsonElement Outputs) Case(string file, string id, string list = "cases")
    {
        var item = Open(file).GetProperty(list).EnumerateArray().Single(c => c.GetProperty("id").GetString() == id);
        return (item.GetProperty("inputs"), item.GetProperty("outputs"));
    }

    public static JsonElement Open(string file)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, file)));
        return document.RootElement.Clone();
    }

    /// <summary>A stored array, checked against the hash that was recorded with it.</summary>
    public static double[] Array(JsonElement reference)
    {
        var bytes = File.ReadAllBytes(Path.Combine(Folder, reference.GetProperty("file").GetString()!));
        Assert.Equal("f64", reference.GetProperty("dtype").GetString());
        Assert.Equal(reference.GetProperty("sha256").GetString(), Convert.ToHexStringLower(SHA256.HashData(bytes)));
        return MemoryMarshal.Cast<byte, double>(bytes).ToArray();
    }

    public static string Hash<T>(ReadOnlySpan<T> values)
        where T : struct => Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(values)));

    /// <summary>Numbers; those that may exceed 2^53 are recorded as text.</summary>
    public static double[] Doubles(JsonElement list) => [.. list.EnumerateArray().Select(
        item => item.ValueKind == JsonValueKind.String ? double.Parse(item.GetString()!, CultureInfo.InvariantCulture) : item.GetDouble())];

    public static void AssertState(JsonElement expected, Pcg64State actual)
    {
        Assert.Equal(Hex(expected.GetProperty("state")), actual.State);
        Assert.Equal(Hex(expected.GetProperty("inc")), actual.Increment);
        uint? buffered = expected.GetProperty("has_uint32").GetInt32() == 0 ? null : expected.GetProperty("uinteger").GetUInt32();
        Assert.Equal(buffered, actual.BufferedHalf);
    }

    private static UInt128 Hex(JsonElement text) => UInt128.Parse(text.GetString()![2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
