using System.Security.Cryptography;
using System.Text;

namespace Mfn.Server.Tests.Cli;

/// <summary>Same request, same bits, whatever vector instructions the processor has.</summary>
public sealed class HardwareTierTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-tier-");

    public static TheoryData<string> Commands => new()
    {
        "simulate --grid 96 --steps 120 --jitter --turing-threshold 0.05 --features --json --out FILE",
        "simulate --variant engine --boundary dirichlet --grid 65 --steps 120 --features --json --out FILE",
        "simulate --precision f32 --grid 300 --steps 50 --turing-threshold 0.05 --features --json --out FILE",
        "fractal ifs --points 20000 --json --out FILE",
        "validate --grid 32 --steps 32 --epochs 3 --jitter --json",
    };

    [Theory, MemberData(nameof(Commands))]
    public async Task Results_AtEveryTier_HaveOneHash(string command)
    {
        var hashes = new List<string>();
        foreach (var tier in new[] { null, "DOTNET_EnableAVX512", "DOTNET_EnableAVX2", "DOTNET_EnableHWIntrinsic" })
        {
            hashes.Add(await HashAsync(command, tier));
        }

        Assert.Single(hashes.Distinct());
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private async Task<string> HashAsync(string command, string? switchedOff)
    {
        var path = Path.Combine(_folder.FullName, "result.npy");
        var environment = switchedOff is null ? new Dictionary<string, string>() : new Dictionary<string, string> { [switchedOff] = "0" };
        var (exitCode, output, error) = await MfnProcess.RunAsync(environment, [.. command.Split(' ').Select(word => word == "FILE" ? path : word)]);
        Assert.True(exitCode == 0, error);

        var file = File.Exists(path) ? await File.ReadAllBytesAsync(path) : [];
        return Convert.ToHexStringLower(SHA256.HashData([.. Encoding.UTF8.GetBytes(output), .. file]));
    }
}
