using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Mfn.Server.Tests.GrpcStack;

/// <summary>The types and members of an assembly that other assemblies can see.</summary>
internal sealed class ContractAssembly
{
    private readonly Dictionary<string, HashSet<string>> _members = [];
    private readonly Dictionary<string, string> _bases = [];

    private ContractAssembly(MetadataReader reader)
    {
        foreach (var handle in reader.TypeDefinitions.Where(handle => IsVisible(reader, handle)))
        {
            var name = SignatureText.NameOf(reader, handle);
            var type = reader.GetTypeDefinition(handle);
            _members.Add(name, [.. MembersOf(reader, type)]);
            if (!type.BaseType.IsNil && type.BaseType.Kind == HandleKind.TypeDefinition)
            {
                _bases.Add(name, SignatureText.NameOf(reader, (TypeDefinitionHandle)type.BaseType));
            }
        }
    }

    public static ContractAssembly Read(string path)
    {
        using var stream = File.OpenRead(path);
        return Read(stream);
    }

    public static ContractAssembly Read(Stream stream)
    {
        using var file = new PEReader(stream);
        return new ContractAssembly(file.GetMetadataReader());
    }

    public bool Has(string type) => _members.ContainsKey(type);

    /// <summary>True if the type, or one of its bases in this assembly, declares the member.</summary>
    public bool Has(string type, string member) =>
        _members.TryGetValue(type, out var members)
        && (members.Contains(member) || (_bases.TryGetValue(type, out var baseType) && Has(baseType, member)));

    private static bool IsVisible(MetadataReader reader, TypeDefinitionHandle handle)
    {
        var type = reader.GetTypeDefinition(handle);
        return (type.Attributes & TypeAttributes.VisibilityMask) switch
        {
            TypeAttributes.Public => true,
            TypeAttributes.NestedPublic or TypeAttributes.NestedFamily or TypeAttributes.NestedFamORAssem =>
                IsVisible(reader, type.GetDeclaringType()),
            _ => false,
        };
    }

    private static IEnumerable<string> MembersOf(MetadataReader reader, TypeDefinition type)
    {
        foreach (var method in type.GetMethods().Select(reader.GetMethodDefinition))
        {
            if ((method.Attributes & MethodAttributes.MemberAccessMask)
                is MethodAttributes.Public or MethodAttributes.Family or MethodAttributes.FamORAssem)
            {
                yield return SignatureText.Of(
                    reader.GetString(method.Name),
                    method.DecodeSignature(SignatureText.Provider, null));
            }
        }

        foreach (var field in type.GetFields().Select(reader.GetFieldDefinition))
        {
            if ((field.Attributes & FieldAttributes.FieldAccessMask)
                is FieldAttributes.Public or FieldAttributes.Family or FieldAttributes.FamORAssem)
            {
                yield return SignatureText.Of(
                    reader.GetString(field.Name),
                    field.DecodeSignature(SignatureText.Provider, null));
            }
        }
    }
}
