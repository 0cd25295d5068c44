using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;

namespace Mfn.Core.Tests.Networks;

/// <summary>The floats of the golden files; see Golden/README.md.</summary>
internal static class GoldenSingles
{
    /// <summary>A stored array, checked against the hash that was recorded with it.</summary>
    public static float[] Stored(JsonElement reference)
    {
        var path = Path.Combine(AppContext.BaseDirectory, "Golden", reference.GetProperty("file").GetString()!);
        var bytes = File.ReadAllBytes(path);
        Assert.Equal("f32", reference.GetProperty("dtype").GetString());
        Assert.Equal(reference.GetProperty("sha256").GetString(), Convert.ToHexStringLower(SHA256.HashData(bytes)));
        return MemoryMarshal.Cast<byte, float>(bytes).ToArray();
    }

    /// <summary>The numbers of a list, of lists, to any depth; NaN and infinities are text.</summary>
    public static float[] Flatten(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Array => [.. element.EnumerateArray().SelectMany(Flatten)],
        JsonValueKind.String => [element.GetString() == "NaN" ? float.NaN : float.PositiveInfinity],
        _ => [element.GetSingle()],
    };

    /// <summary>Each value may differ by the larger of the two tolerances; NaN equals NaN.</summary>
    public static void AssertClose(float[] expected, float[] actual, double relativeTolerance, double absoluteTolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            var tolerance = Math.Max(relativeTolerance * Math.Abs((double)expected[i]), absoluteTolerance);
            Assert.True(
                expected[i].Equals(actual[i]) || Math.Abs((double)expected[i] - actual[i]) <= tolerance,
                $"Element {i} should be {expected[i]:R} and is {actual[i]:R}.");
        }
    }
}
