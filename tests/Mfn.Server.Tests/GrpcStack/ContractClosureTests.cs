using System.Reflection;
using System.Reflection.Emit;

namespace Mfn.Server.Tests.GrpcStack;

/// <summary>
/// The gRPC packages were compiled against contract assemblies that we replace. The runtime would notice a missing
/// member only when a call needs it, so these tests resolve all of them.
/// </summary>
public class ContractClosureTests
{
    private static readonly string[] Contracts = ["Grpc.Core.Api", "Grpc.Net.Common"];

    private static readonly string[] PackageNames =
    [
        .. Directory.GetFiles(AppContext.BaseDirectory, "Grpc.*.dll")
            .Select(path => Path.GetFileNameWithoutExtension(path))
            .Except(Contracts),
    ];

    public static TheoryData<string> Packages => [.. PackageNames];

    [Fact]
    public void Packages_InTheOutput_IncludeServerAndClient()
    {
        Assert.Contains("Grpc.AspNetCore.Server", PackageNames);
        Assert.Contains("Grpc.Net.Client", PackageNames);
    }

    [Theory]
    [MemberData(nameof(Packages))]
    public void References_ToTheContracts_AllResolve(string package)
    {
        var references = ContractReferences.Read(PathOf(package), Contracts);
        var contracts = Contracts.ToDictionary(name => name, name => ContractAssembly.Read(PathOf(name)));

        Assert.True(references.Count > 50, $"Only {references.Count} references were found in {package}.");
        Assert.Empty(ContractReferences.Unresolved(references, contracts));
    }

    [Fact]
    public void References_ToAWrongAssembly_AreAllUnresolved()
    {
        var references = ContractReferences.Read(PathOf("Grpc.AspNetCore.Server"), ["Grpc.Core.Api"]);
        var wrong = ContractAssembly.Read(PathOf("Grpc.Net.Common"));

        var unresolved = ContractReferences.Unresolved(
            references,
            new Dictionary<string, ContractAssembly> { ["Grpc.Core.Api"] = wrong });

        Assert.Equal(references, unresolved);
    }

    [Fact]
    public void References_ToMembersThatDifferOrAreHidden_AreUnresolved()
    {
        var references = ContractReferences.Read(PathOf("Grpc.AspNetCore.Server"), ["Grpc.Core.Api"]);

        var unresolved = ContractReferences.Unresolved(
            references,
            new Dictionary<string, ContractAssembly> { ["Grpc.Core.Api"] = EmitFaultyContract() });

        var status = unresolved
            .Where(reference => reference.Type == "Grpc.Core.Status")
            .Select(reference => reference.Member);
        Assert.DoesNotContain(null, status);
        Assert.DoesNotContain("struct Grpc.Core.StatusCode get_StatusCode()", status);
        Assert.Contains("String get_Detail()", status);
        Assert.Contains("System.Exception get_DebugException()", status);
    }

    [Theory]
    [MemberData(nameof(Packages))]
    public void Types_ThatImplementTheContracts_LeaveNothingUnimplemented(string package)
    {
        // The runtime refuses to load a type that does not implement all of its base and its interfaces.
        var types = Assembly.Load(package).GetTypes();

        Assert.Contains(types, type => type.BaseType?.Assembly.GetName().Name == "Grpc.Core.Api");
    }

    [Theory]
    [MemberData(nameof(Packages))]
    public void Overrides_OfTheContracts_AllHaveABase(string package)
    {
        var overrides = Assembly.Load(package).GetTypes()
            .Where(type => Contracts.Contains(type.BaseType?.Assembly.GetName().Name))
            .SelectMany(type => type.GetMethods(
                BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Where(method => method.IsVirtual && !method.Attributes.HasFlag(MethodAttributes.NewSlot))
            .ToList();

        Assert.NotEmpty(overrides);
        Assert.DoesNotContain(overrides, method => method.GetBaseDefinition() == method);
    }

    [Theory]
    [MemberData(nameof(Packages))]
    public void Identity_OfTheContracts_IsWhatThePackagesNamed(string package)
    {
        var named = Assembly.Load(package).GetReferencedAssemblies()
            .Where(reference => Contracts.Contains(reference.Name))
            .ToList();

        Assert.Contains(named, reference => reference.Name == "Grpc.Core.Api");
        Assert.All(named, reference =>
        {
            var ours = AssemblyName.GetAssemblyName(PathOf(reference.Name!));
            Assert.NotEmpty(reference.GetPublicKeyToken()!);
            Assert.Equal(reference.GetPublicKeyToken(), ours.GetPublicKeyToken());
            Assert.Equal(reference.Version, ours.Version);
        });
    }

    private static string PathOf(string assembly) => Path.Combine(AppContext.BaseDirectory, assembly + ".dll");

    /// <summary>A contract whose Status has the right code, a detail of another type and a hidden exception.</summary>
    private static ContractAssembly EmitFaultyContract()
    {
        var assembly = new PersistedAssemblyBuilder(new AssemblyName("Grpc.Core.Api"), typeof(object).Assembly);
        var module = assembly.DefineDynamicModule("Grpc.Core.Api");
        var statusCode = module.DefineEnum("Grpc.Core.StatusCode", TypeAttributes.Public, typeof(int));
        var status = module.DefineType("Grpc.Core.Status", TypeAttributes.Public, typeof(ValueType));
        DefineGetter("get_StatusCode", MethodAttributes.Public, statusCode.CreateType());
        DefineGetter("get_Detail", MethodAttributes.Public, typeof(int));
        DefineGetter("get_DebugException", MethodAttributes.Assembly, typeof(Exception));
        status.CreateType();

        var image = new MemoryStream();
        assembly.Save(image);
        image.Position = 0;
        return ContractAssembly.Read(image);

        void DefineGetter(string name, MethodAttributes access, Type returnType)
        {
            var body = status.DefineMethod(name, access, returnType, []).GetILGenerator();
            body.ThrowException(typeof(NotImplementedException));
        }
    }
}
