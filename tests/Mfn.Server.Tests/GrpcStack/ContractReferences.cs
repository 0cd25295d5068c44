using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Mfn.Server.Tests.GrpcStack;

/// <summary>What an assembly refers to in others.</summary>
internal static class ContractReferences
{
    /// <summary>A type, or one of its members, in another assembly.</summary>
    internal sealed record Reference(string Assembly, string Type, string? Member)
    {
        public override string ToString() =>
            Member is null ? $"[{Assembly}] {Type}" : $"[{Assembly}] {Type}: {Member}";
    }

    /// <summary>Every reference into one of the named assemblies.</summary>
    public static IReadOnlyList<Reference> Read(string path, IEnumerable<string> assemblies)
    {
        using var file = new PEReader(File.OpenRead(path));
        var reader = file.GetMetadataReader();
        var names = assemblies.ToHashSet();
        return
        [
            .. TypesOf(reader).Concat(MembersOf(reader))
                .Where(reference => names.Contains(reference.Assembly))
                .Distinct(),
        ];
    }

    /// <summary>Those references that the assemblies do not satisfy.</summary>
    public static IReadOnlyList<Reference> Unresolved(
        IEnumerable<Reference> references,
        IReadOnlyDictionary<string, ContractAssembly> assemblies) =>
        [.. references.Where(reference => !(reference.Member is null
            ? assemblies[reference.Assembly].Has(reference.Type)
            : assemblies[reference.Assembly].Has(reference.Type, reference.Member)))];

    private static IEnumerable<Reference> TypesOf(MetadataReader reader) =>
        from handle in reader.TypeReferences
        select new Reference(AssemblyOf(reader, handle), SignatureText.NameOf(reader, handle), null);

    private static IEnumerable<Reference> MembersOf(MetadataReader reader) =>
        from handle in reader.MemberReferences
        let member = reader.GetMemberReference(handle)
        let type = TypeOf(reader, member.Parent)
        where !type.IsNil
        select new Reference(
            AssemblyOf(reader, type),
            SignatureText.NameOf(reader, type),
            MemberText(reader, member));

    private static string MemberText(MetadataReader reader, MemberReference member)
    {
        var name = reader.GetString(member.Name);
        return member.GetKind() == MemberReferenceKind.Field
            ? SignatureText.Of(name, member.DecodeFieldSignature(SignatureText.Provider, null))
            : SignatureText.Of(name, member.DecodeMethodSignature(SignatureText.Provider, null));
    }

    /// <summary>The type, or the generic type that is instantiated; nil if it is not in another assembly.</summary>
    private static TypeReferenceHandle TypeOf(MetadataReader reader, EntityHandle parent)
    {
        if (parent.Kind == HandleKind.TypeSpecification)
        {
            var type = reader.GetTypeSpecification((TypeSpecificationHandle)parent);
            var signature = reader.GetBlobReader(type.Signature);
            if (signature.ReadSignatureTypeCode() != SignatureTypeCode.GenericTypeInstance)
            {
                return default;
            }

            signature.ReadByte(); // class or value type
            parent = signature.ReadTypeHandle();
        }

        return parent.Kind == HandleKind.TypeReference ? (TypeReferenceHandle)parent : default;
    }

    private static string AssemblyOf(MetadataReader reader, TypeReferenceHandle handle)
    {
        var scope = reader.GetTypeReference(handle).ResolutionScope;
        return scope.Kind switch
        {
            HandleKind.TypeReference => AssemblyOf(reader, (TypeReferenceHandle)scope),
            HandleKind.AssemblyReference =>
                reader.GetString(reader.GetAssemblyReference((AssemblyReferenceHandle)scope).Name),
            _ => "",
        };
    }
}
